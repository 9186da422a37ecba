/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a transaction, shared by the files that make it up: transaction.c (steps), transaction_record.c (what the
 * audit log says of it), transaction_answer.c (what the client gets).
 */
#ifndef TRANSACTION_STATE_H
#define TRANSACTION_STATE_H

#include "buf.h"
#include "force.h"
#include "form.h"
#include "inflate.h"
#include "relay.h"
#include "screen.h"
#include "tokens.h"
#include "transaction.h"
#include "transform.h"
#include "walk.h"

struct access;
struct arena;
struct http1_head;
struct principal;

enum transaction_step {
    STEP_ACCESS,
    STEP_READ,
    STEP_OFFLOAD,
    STEP_WALK,
    STEP_DETECT,
    STEP_TRANSFORM,
    STEP_AUDIT,
    STEP_SEND,
    STEP_RELAY,
    STEP_KEEP, /* what the upstream now stores, in the vault */
    STEP_OUTCOME,
    STEP_RECORD, /* of a refusal */
    STEP_REPLY,
    STEP_END,
    STEPS
};

enum transaction_verdict { VERDICT_BLOCK = 0, VERDICT_FORWARD, VERDICT_EDIT };

#define TRANSACTION_ID_MAX 40
#define TRANSACTION_KEEP_MAX (64u * 1024 * 1024)
#define TRANSACTION_HEADERS_MAX 24
#define TRANSACTION_VALUES_MAX 64 /* hashes of values in one record */

/* A value that was found, for the record. */
struct transaction_value {
    enum phi_kind kind;
    struct span text;
};

struct transaction {
    struct transaction_world *world;
    struct settings *settings;
    void *client; /* NULL when gone */
    void *call;   /* upstream, while it runs */
    struct phi_scratch *scratch; /* of the thread that decides */
    struct transaction *next;    /* in the worker's mailbox */
    struct arena *work, *keep; /* until the decision is taken: walk, findings; until the end: names */
    struct arena *token_arena; /* what `tokens` is made of; NULL once they are settled */
    char id[TRANSACTION_ID_MAX];
    struct span request_id;
    enum transaction_step step;
    uint32_t inside;  /* calls on the stack; no freeing below */
    bool complete, offloaded, recording, durable, record_failed, permitted, begun, answered, aborted, paused, entered;
    bool outcome_written, overriding; /* an override that the policy accepted */

    enum shape_endpoint endpoint;
    enum shape_dialect dialect;
    struct shape_address address; /* its texts are in keep */
    struct span query; /* what of it goes on. By it: streams; resumes, without the events up to this number, which the client has */
    unsigned long long events_known;
    const char *upstream_path;
    enum inflate_coding coding; /* of the body as it comes */
    char peer[64];
    const struct principal *principal;
    const char *upstream_headers[2]; /* NULL-terminated */
    const char *purpose_asked, *upstream_asked; /* of x-phi-purpose, x-phi-upstream, or NULL */
    const char *override_reason;         /* of x-phi-override, or NULL */
    const struct principal *override_by; /* the second person, or NULL */
    int purpose;
    const char *purpose_source;
    const struct settings_route *route, *first_route; /* first: before a policy sent it elsewhere, else NULL */
    enum phi_kind route_kind;                         /* because of this kind */
    struct policy *policy;

    struct buf in, out; /* the body as it came; as it leaves */
    struct buf lines_out;        /* of the file of a batch */
    uint64_t line_endpoints;     /* what its lines ask for, as bits */
    size_t line_leaves;
    struct transaction_value *values; /* found in its lines */
    size_t n_values, values_more;
    struct span object_key;      /* of the stored object that this is about or continues; empty: none */
    uint32_t opened;             /* bits of walk.unreadable that the route opened; another route is asked anew */
    bool not_stored, kept, keep_failed; /* not_stored: the upstream was told not to keep the answer */
    struct buf raw;     /* a form as it came; in is then the object that it stands for */
    struct form form;
    struct span boundary;
    const char *content_type; /* of what leaves; NULL: JSON */
    struct walk walk;
    struct force force;
    bool lines_forced, shadowed, ids_as_text; /* ids: token numbers were replaced by their text */
    struct phi_result found;
    struct tokens *tokens;
    struct transform transform;
    struct transform_shadow shadow;
    enum transaction_verdict verdict;

    bool refused, streams, resumes;
    enum refusal refusal;
    const char *refusal_reason, *refusal_kind;
    const char *refusal_why; /* a sentence of the coverage's, or NULL */
    struct buf refusal_param;

    struct screen_ground *screen; /* NULL: the policy has no rules for answers */
    struct relay *relay;
    struct buf reply;
    int status;
    bool streaming, upstream_ended, slice_failed; /* slice: a line of a result could not be read, or must not pass */
    struct transaction_header *headers;
    size_t n_headers;
    enum transaction_end upstream_end;
    enum relay_end relay_end;

    uint64_t started_us, mark_us, sent_us, first_us, bytes_in, bytes_out;
};

uint64_t transaction_now_us(void);

/* What a step answers. */
enum flow { FLOW_REFUSE = 0, FLOW_NEXT, FLOW_WAIT };
enum flow transaction_refuse(struct transaction *t, enum refusal r);
enum flow transaction_refuse_because(struct transaction *t, enum refusal r, const char *reason); /* reason: constant */
void transaction_stage_done(struct transaction *t, enum metrics_stage s);

/* transaction_address.c */
enum flow transaction_read_address(struct transaction *t, const struct http1_head *h);
enum flow transaction_plan_path(struct transaction *t); /* at the route's upstream */
bool transaction_path_names_model(const struct transaction *t);
const char *transaction_model_sent(const struct transaction *t); /* NULL: the one that the body names */
const char *transaction_model_in_body(const struct transaction *t); /* takes its place there; NULL: that stays */
const struct settings_route *transaction_list_route(const struct transaction *t); /* of a list of models; NULL: none */

/* transaction_form.c; nothing where the endpoint has none */
enum flow transaction_undo_form(struct transaction *t);
void transaction_note_files(struct transaction *t);
enum flow transaction_redo_form(struct transaction *t);

/* transaction_stored.c */
bool transaction_wants_object(const struct transaction *t);
enum flow transaction_route_object(struct transaction *t, const struct settings_route **route);
enum policy_stored transaction_stored_kind(enum shape_endpoint e); /* what a policy has to open for it */
struct span transaction_page_after(const struct transaction *t); /* the object behind which a list goes on, or empty */
enum flow transaction_check_stored(struct transaction *t); /* by the policy and the agreement of the route */
enum flow transaction_recall(struct transaction *t);
bool transaction_keeps(const struct transaction *t);
bool transaction_reads_aside(const struct transaction *t); /* an answer too large to be restored on the loop */
void transaction_keep_stream(struct transaction *t);
void transaction_keep(struct transaction *t, struct phi_scratch *scratch); /* any thread: waits for a disk */

/* transaction_kept.c: of what names neither model nor object */
enum flow transaction_read_upstream(struct transaction *t, const struct http1_head *h);
enum flow transaction_route_kept(struct transaction *t, const struct settings_route **route);

/* transaction_slices.c: of an answer that is read aside */
int transaction_slice_data(struct transaction *t, struct span bytes);
void transaction_slice_take(struct transaction *t, struct phi_scratch *scratch); /* any thread */
void transaction_slice_done(struct transaction *t);

/* transaction_lines.c; nothing where there are none */
enum flow transaction_read_lines(struct transaction *t);
enum flow transaction_transform_lines(struct transaction *t, const struct policy_view *view); /* of SHAPE_FILES */
const char *transaction_lines_uncovered(const struct transaction *t, const struct settings_upstream *u, struct span model, int today);

/* transaction_override.c */
enum flow transaction_read_override(struct transaction *t, const struct http1_head *h);
enum flow transaction_check_override(struct transaction *t); /* by the policy of the route */

/* transaction_decide.c: the steps of these names */
enum flow transaction_walk(struct transaction *t);
enum flow transaction_detect(struct transaction *t);
enum flow transaction_transform(struct transaction *t);

/* transaction_record.c: NULL when out of memory. */
struct audit_record *transaction_decision_record(struct transaction *t);
struct audit_record *transaction_override_record(struct transaction *t); /* NULL: also when there is none */
struct audit_record *transaction_outcome_record(const struct transaction *t);

/* transaction_answer.c */
void transaction_reply_refusal(struct transaction *t);
void transaction_answer_begin(struct transaction *t);    /* head of a stream */
enum flow transaction_refuse_answer(struct transaction *t); /* the policy does not let it through */
void transaction_answer_whole(struct transaction *t);    /* collected answer in t->reply */
const char *transaction_verdict_name(enum transaction_verdict v);

#endif
