/* SPDX-License-Identifier: Apache-2.0
 *
 * Error bodies. Texts are constants of this program or of the site's policy, paths come from walk_path, so nothing of a body can appear.
 */
#include "refusal.h"

#include "buf.h"
#include "reason.h"

struct row {
    int status;
    const char *code, *type;
    bool retry;
    const char *message;
};

static const struct row rows[REFUSALS] = {
#define REFUSAL(symbol, status, code, type, retry, message) {status, code, type, retry, message},
#include "refusal.def"
#undef REFUSAL
};

int refusal_status(enum refusal r) {
    return rows[r].status;
}

const char *refusal_code(enum refusal r) {
    return rows[r].code;
}

const char *refusal_message(enum refusal r) {
    return rows[r].message;
}

bool refusal_retry(enum refusal r) {
    return rows[r].retry;
}

static void add_message(enum refusal r, const struct refusal_detail *d, struct buf *out) {
    buf_add_json_escaped(out, span_of(d->message ? d->message : rows[r].message));
    if (d->kind) {
        buf_add_c(out, " Found: ");
        buf_add_json_escaped(out, span_of(d->kind));
        buf_add_char(out, '.');
    }
    if (d->param.len) {
        buf_add_c(out, " Where: ");
        buf_add_json_escaped(out, d->param);
        buf_add_char(out, '.');
    }
    if (d->reason) {
        buf_add_c(out, " Reason: ");
        buf_add_json_escaped(out, span_of(d->reason));
        const char *sentence = d->why ? d->why : reason_sentence(span_of(d->reason));
        buf_add_c(out, sentence ? ". " : ".");
        if (sentence) buf_add_json_escaped(out, span_of(sentence));
    }
    buf_add_c(out, " Ref ");
    buf_add_json_escaped(out, d->request_id);
}

static void write_openai(enum refusal r, const struct refusal_detail *d, struct buf *out) {
    buf_add_c(out, "{\"error\":{\"message\":\"");
    add_message(r, d, out);
    buf_add_format(out, "\",\"type\":\"%s\",\"param\":", rows[r].type);
    if (d->param.len) {
        buf_add_char(out, '"');
        buf_add_json_escaped(out, d->param);
        buf_add_char(out, '"');
    } else {
        buf_add_c(out, "null");
    }
    buf_add_format(out, ",\"code\":\"%s\"}}", rows[r].code);
}

static const char *google_status(int status) {
    switch (status) {
    case 400: return "INVALID_ARGUMENT";
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 429: return "RESOURCE_EXHAUSTED";
    case 503: return "UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return status < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
    }
}

static const char *anthropic_type(enum refusal r) {
    switch (rows[r].status) {
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 503: return "overloaded_error";
    case 504: return "timeout_error";
    default: return rows[r].status < 500 ? rows[r].type : "api_error";
    }
}

/* Its errors have no code, so that stands in the message. */
static void write_anthropic(enum refusal r, const struct refusal_detail *d, struct buf *out) {
    buf_add_format(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s: ", anthropic_type(r), rows[r].code);
    add_message(r, d, out);
    buf_add_c(out, "\"},\"request_id\":\"");
    buf_add_json_escaped(out, d->request_id);
    buf_add_c(out, "\"}");
}

void refusal_write(enum refusal r, enum shape_dialect dialect, const struct refusal_detail *d, struct buf *out) {
    switch (dialect) {
    case SHAPE_OPENAI:
        write_openai(r, d, out);
        return;
    case SHAPE_ANTHROPIC:
        write_anthropic(r, d, out);
        return;
    case SHAPE_OLLAMA:
        buf_add_c(out, "{\"error\":\"");
        add_message(r, d, out);
        buf_add_c(out, "\"}");
        return;
    case SHAPE_GOOGLE:
        buf_add_format(out, "{\"error\":{\"code\":%d,\"status\":\"%s\",\"message\":\"", rows[r].status,
                       google_status(rows[r].status));
        add_message(r, d, out);
        buf_add_c(out, "\"}}");
        return;
    }
}

static void add_envelope(const struct refusal_detail *d, const char *object, long created, struct buf *out) {
    buf_add_c(out, "{\"id\":\"");
    buf_add_json_escaped(out, d->request_id);
    buf_add_format(out, "\",\"object\":\"%s\",\"created\":%ld,\"model\":\"phigate\",\"choices\":[{\"index\":0,", object,
                   created);
}

static void write_message_stream(enum refusal r, const struct refusal_detail *d, long created, struct buf *out) {
    static const char object[] = "chat.completion.chunk";

    buf_add_c(out, "data: ");
    add_envelope(d, object, created, out);
    buf_add_c(out, "\"delta\":{\"role\":\"assistant\",\"content\":\"");
    add_message(r, d, out);
    buf_add_c(out, "\"},\"finish_reason\":null}]}\n\ndata: ");
    add_envelope(d, object, created, out);
    buf_add_c(out, "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
}

void refusal_write_message(enum refusal r, const struct refusal_detail *d, bool stream, long created,
                           struct buf *out) {
    if (stream) {
        write_message_stream(r, d, created, out);
        return;
    }
    add_envelope(d, "chat.completion", created, out);
    buf_add_c(out, "\"message\":{\"role\":\"assistant\",\"content\":\"");
    add_message(r, d, out);
    buf_add_c(out, "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,"
                   "\"total_tokens\":0}}");
}
