/* SPDX-License-Identifier: Apache-2.0
 *
 * What an endpoint's JSON means to the walk. The table never says what to scan (everything is); it says which
 * known keys may be named in a path, which parts cannot be read, which numbers are parameters, how an answer is
 * restored, and which facts of a request the gateway acts on.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "span.h"

#include <stdint.h>

enum shape_endpoint {
    SHAPE_NONE = 0, /* unknown: refused */
    SHAPE_CHAT,
    SHAPE_COMPLETIONS,
    SHAPE_EMBEDDINGS,
    SHAPE_MODELS,
    SHAPE_RESPONSES,
    SHAPE_RESPONSES_COMPACT,
    SHAPE_RESPONSES_TOKENS, /* /v1/responses/input_tokens */
    SHAPE_MODERATIONS,
    SHAPE_IMAGES,           /* /v1/images/generations */
    SHAPE_MESSAGES_API,     /* Anthropic's /v1/messages */
    SHAPE_MESSAGES_TOKENS,  /* its count_tokens */
    SHAPE_OLLAMA_CHAT,
    SHAPE_OLLAMA_GENERATE,
    SHAPE_OLLAMA_EMBED,
    SHAPE_GEMINI,           /* /v1beta/models/{model}:generateContent */
    SHAPE_GEMINI_STREAM,    /* :streamGenerateContent?alt=sse */
    SHAPE_GEMINI_TOKENS,    /* :countTokens */
    SHAPE_GEMINI_EMBED,     /* :embedContent */
    SHAPE_GEMINI_EMBEDS,    /* :batchEmbedContents */
    SHAPE_OLLAMA_EMBEDDINGS, /* /api/embeddings, the older form of embed */
    SHAPE_OLLAMA_SHOW,
    SHAPE_SPEECH,           /* /v1/audio/speech */
    /* With a form as their body: */
    SHAPE_TRANSCRIPTIONS,   /* /v1/audio/transcriptions */
    SHAPE_TRANSLATIONS,
    SHAPE_IMAGE_EDITS,
    SHAPE_IMAGE_VARIATIONS,
    SHAPE_FILES,            /* POST /v1/files */
    /* What an upstream keeps for its client: */
    SHAPE_BATCHES,          /* POST /v1/batches */
    SHAPE_FILES_LIST,
    SHAPE_FILE_GET,
    SHAPE_FILE_CONTENT,
    SHAPE_FILE_DELETE,
    SHAPE_BATCHES_LIST,
    SHAPE_BATCH,
    SHAPE_BATCH_CANCEL,
    SHAPE_RESPONSE,
    SHAPE_RESPONSE_ITEMS,
    SHAPE_RESPONSE_CANCEL,
    SHAPE_RESPONSE_DELETE,
    SHAPE_CONVERSATIONS,    /* POST /v1/conversations */
    SHAPE_CONVERSATION,
    SHAPE_CONVERSATION_UPDATE,
    SHAPE_CONVERSATION_DELETE,
    SHAPE_CONVERSATION_ITEMS,
    SHAPE_CONVERSATION_ADD, /* POST /v1/conversations/{id}/items */
    SHAPE_CONVERSATION_ITEM,
    SHAPE_CONVERSATION_ITEM_DELETE,
    /* Without a body: */
    SHAPE_MODEL_GET,        /* GET /v1/models/{model} */
    SHAPE_GEMINI_MODELS,
    SHAPE_OLLAMA_TAGS,
    SHAPE_OLLAMA_VERSION,
    SHAPE_ENDPOINTS
};

/* The dialect in which a path's errors are written. */
enum shape_dialect { SHAPE_OPENAI = 0, SHAPE_ANTHROPIC, SHAPE_OLLAMA, SHAPE_GOOGLE };

/* What the first line of a request names. */
struct shape_address {
    enum shape_endpoint endpoint; /* SHAPE_NONE: not served */
    enum shape_dialect dialect;   /* of errors */
    struct span model;            /* that the path names, or empty: a deployment, Gemini's model, /v1/models/{model} */
    struct span id;               /* of a stored object that it names, or empty */
    struct span item;             /* of that object, or empty */
    bool azure;                   /* under /openai, where a query says the version of the interface */
};

/* method: "GET" or "POST". path: exact; OpenAI's with or without /v1, or as Azure has them under /openai. */
void shape_address_read(struct span method, struct span path, struct shape_address *out);
/* A query that this address may have: names and values of the table, none twice but those of a list. */
bool shape_query_known(const struct shape_address *a, struct span query);
bool shape_query_fixed(const struct shape_address *a, struct span member); /* "order=asc": a word of the interface's, nobody's text */
enum shape_endpoint shape_endpoint_find(struct span method, struct span path);
enum shape_dialect shape_dialect_of(struct span path);
const char *shape_endpoint_name(enum shape_endpoint e); /* "/v1/chat/completions" */
const char *shape_method(enum shape_endpoint e);
/* A reason (reason.def) why a path of a vendor's interface is not served; NULL: it is none that is known. */
const char *shape_why_closed(struct span path);
/* By which an agreement's coverage knows it: "/v1/files" for all of files. */
const char *shape_coverage_name(enum shape_endpoint e);
/* The path at an upstream, under its base: "/chat/completions". {model} or {id} stands where its name goes; that of an item of
 * the object goes behind it all. */
const char *shape_upstream_path(enum shape_endpoint e);
/* The model that the specification takes when a body names none; "": it must name one. */
const char *shape_default_model(enum shape_endpoint e);
/* Its answer streams in events that say by their type what they are, not in chunks of choices. */
bool shape_typed_events(enum shape_endpoint e);
bool shape_is_ollama(enum shape_endpoint e);
bool shape_is_gemini(enum shape_endpoint e);
bool shape_has_body(enum shape_endpoint e);
bool shape_has_form(enum shape_endpoint e); /* its body is multipart/form-data */
bool shape_has_json_too(enum shape_endpoint e); /* beside the form */
/* About what an upstream keeps: files and batches, or responses; false for POST /v1/responses, which need not keep anything. */
bool shape_is_batch(enum shape_endpoint e);
bool shape_is_response(enum shape_endpoint e);
bool shape_is_conversation(enum shape_endpoint e);
bool shape_is_stored(enum shape_endpoint e); /* any of the three */
bool shape_lists_objects(enum shape_endpoint e);
bool shape_lists_models(enum shape_endpoint e); /* says what an upstream has, and holds nothing of a caller */
bool shape_has_deployments(enum shape_endpoint e); /* Azure serves it below the name of a deployment */

/* ---- places ---- */

/* Whose words they are; policies tell them apart. */
enum walk_part { WALK_OTHER = 0, WALK_SYSTEM, WALK_USER, WALK_ASSISTANT, WALK_TOOL, WALK_SCHEMA, WALK_METADATA };

/* Where a value of a request stands, as far as the gateway cares. */
enum shape_place {
    SHAPE_FREE = 0, /* under a key that is data or that we do not know: its keys are data too */
    SHAPE_KNOWN,    /* keys have meanings, none that matters here */
    SHAPE_ROOT,
    SHAPE_MODEL, SHAPE_STREAM, SHAPE_STREAM_OPTIONS, SHAPE_INCLUDE_USAGE, SHAPE_CHOICES, SHAPE_STORE,
    SHAPE_FORMAT, SHAPE_FORMAT_TYPE, SHAPE_GUIDES, SHAPE_GUIDED, /* what asks for JSON as the answer */
    SHAPE_MODALITIES, SHAPE_SPOKEN,
    SHAPE_PROMPT,    /* text, or token numbers */
    SHAPE_TOKEN_IDS, /* token numbers only */
    SHAPE_REFERENCE, /* the same, where it can be told what it is and whose */
    SHAPE_CONTINUED, /* a conversation that it continues: its id, or an object that has it */
    SHAPE_STATE,     /* names something that the upstream keeps */
    SHAPE_HOSTED,    /* lets the upstream pass text on to others */
    SHAPE_MESSAGES, SHAPE_MESSAGE, SHAPE_ROLE, SHAPE_CONTENT, SHAPE_PART, SHAPE_PART_TYPE, SHAPE_PREDICTION,
    SHAPE_IMAGE, SHAPE_IMAGE_URL, SHAPE_AUDIO, SHAPE_FILE, SHAPE_BLOB, SHAPE_REMOTE, SHAPE_OPAQUE,
    SHAPE_TOOLS, SHAPE_TOOL, SHAPE_TOOL_TYPE,
    SHAPE_ITEMS, SHAPE_ITEM, SHAPE_ITEM_TYPE,  /* what a response is made from */
    SHAPE_TEXT_OPTIONS, SHAPE_OUTPUT_OPTIONS, SHAPE_OLLAMA_FORMAT,
    SHAPE_KEPT,      /* true: the answer is kept by the upstream and fetched later */
    SHAPE_SEALED,    /* encrypted or signed by the upstream for itself */
    SHAPE_SIGNED,    /* text under such a signature: it must go back as it came */
    SHAPE_LOGPROBS, SHAPE_LOGPROB, /* text cut into tokens and byte numbers */
    SHAPE_SOURCE, SHAPE_SOURCE_TYPE,
    SHAPE_GENERATION, SHAPE_MIME_TYPE,
    SHAPE_VOICE, SHAPE_STREAM_FORMAT,
    SHAPE_REQUESTS,  /* several in one body */
    SHAPE_LINE       /* one of a batch: whose "body" is that of an endpoint */
};

struct shape_key {
    const char *name;
    size_t len;
    enum shape_place place;                   /* of its value, unless at[] says otherwise for where it stands */
    struct { enum shape_place in, to; uint64_t only; } at[6]; /* only: endpoints, as bits, 0: all. in SHAPE_FREE: end */
    enum walk_part part;                      /* WALK_OTHER: that of what is around it */
    const char *spelled;                      /* with capitals, where it has any; name is then its lower case */
    uint64_t parameter;                       /* endpoints at whose top level its number is a parameter, as bits */
};

/* The key, or NULL when the endpoint does not know it. ambiguous: it is none, but a reader that ignores case (Go's
 * does, with U+017F and U+212A) would take it for one. */
const struct shape_key *shape_key_find(enum shape_endpoint e, struct span key, bool *ambiguous);
/* The place of a key's value in an object at `in`; of an item of an array at `in`; of an object found at `in`. */
enum shape_place shape_place_member(enum shape_endpoint e, enum shape_place in, const struct shape_key *key);
enum shape_place shape_place_item(enum shape_place in);
enum shape_place shape_place_object(enum shape_place in);

/* A key that the specification of the endpoint knows and that may be named in a path of an error or a record;
 * any other key is written as '*'. */
bool shape_known_key(enum shape_endpoint e, struct span key);

/* A number is a parameter of the call here (temperature, max_tokens, seed ...): only where it stands at the documented place. path is
 * the template as walk_path writes it. */
bool shape_parameter(enum shape_endpoint e, struct span path);

/* Whether this one, as written, is searched: a parameter's is not while it is too short to be an identifier. Beyond what the
 * parameter can be: refused. */
enum shape_number { SHAPE_NUMBER_BEYOND = 0, SHAPE_NUMBER_SEARCHED, SHAPE_NUMBER_EXEMPT };
enum shape_number shape_number_of(enum shape_endpoint e, struct span path, struct span number);
bool shape_token_number(struct span key); /* a key of logit_bias that can be one */

#endif
