/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an anchor: read or refused; what is read can be written and reads the same.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../proxy/vault_anchor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vault_anchor a = {.fd = -1}, b = {.fd = -1};
    char bytes[1024];

    if (vault_anchor_read(&a, span_make((const char *)data, size)) < 0) return 0;
    if (a.ceiling < 0 || a.floor < 0 || a.sequence < 0) abort();
    a.fd = memfd_create("anchor", 0);
    if (a.fd < 0 || ftruncate(a.fd, sizeof bytes) < 0) return 0;
    if (vault_anchor_write(&a) < 0 || pread(a.fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) abort();
    if (vault_anchor_read(&b, span_make(bytes, sizeof bytes)) < 0) abort();
    if (memcmp(a.vault, b.vault, VAULT_ANCHOR_ID) != 0 || a.ceiling != b.ceiling || a.floor != b.floor || a.sequence != b.sequence ||
        a.clean != b.clean || a.turn != b.turn)
        abort();
    vault_anchor_close(&a);
    return 0;
}
