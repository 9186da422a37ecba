/* SPDX-License-Identifier: Apache-2.0
 *
 * phigate.yaml. Every key has a safe default; a mistake of any kind is reported with its place and nothing loads. Paths are
 * relative to the file. Secrets come from files that others cannot read, or from systemd credentials.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "span.h"

#include <stdint.h>

struct audit_note_key;
struct diag;
struct settings;

enum config_sandbox_mode { CONFIG_SANDBOX_REQUIRED = 0, CONFIG_SANDBOX_AUTO, CONFIG_SANDBOX_OFF };

struct config {
    const char *path, *directory, *share;
    const char *listen_address, *tls_certificate, *tls_key, *tls_client_ca;
    const char *const *hosts; /* NULL: any */
    const char *admin_address, *admin_token;
    unsigned workers; /* 0: one per processor */
    const char *node;
    const char *audit_file;
    unsigned char audit_key[32];
    unsigned char encryption_key[32]; /* of the records at rest, when encrypted */
    bool encrypted;
    struct audit_note_key *signing_key; /* NULL: checkpoints are not signed */
    uint64_t checkpoint_ms, rotate_size;
    bool rotate_daily;
    uint32_t checkpoint_every;
    uint64_t header_max, body_max, event_max, write_high, audit_preallocate;
    uint32_t depth_max, concurrent_max, connections_max, audit_queue;
    uint64_t header_ms, idle_ms, body_grace_ms, write_ms, drain_ms;
    uint32_t body_min_rate;
    enum config_sandbox_mode sandbox;
    const char *const *readable, *const *writable; /* directories, NULL-terminated: where it reads from; where it writes */
    const char *vault_file, *vault_anchor; /* file NULL: tokens live as long as their request; anchor NULL: beside it */
    unsigned char vault_key[32];
    uint64_t vault_ttl_s;
    bool tokens_earlier;
    struct settings *settings; /* one reference, the configuration's own */
    const char *const *warnings; /* NULL-terminated, plain sentences */
    struct config_memory *memory;
};

/* share: where policies/ and detectors/dictionaries/ lie. NULL with mistakes in d. */
struct config *config_load(const char *path, const char *share, struct diag *d);
void config_free(struct config *c);

/* The share directory: the option if given, else $PHIGATE_SHARE, else beside the program. NULL when none has policies/. */
const char *config_share(const char *option, char *out, size_t out_size);

#endif
