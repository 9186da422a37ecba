/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Signature Version 4 of a request whose body is known. Own code, because libcurl 7.88 signs header lines that it does not send
 * (an empty "expect:") and names hosts without their port.
 */
#ifndef SIGV4_H
#define SIGV4_H

#include "span.h"

#include <time.h>

struct buf;

#define SIGV4_DATE_LEN 16 /* "20261126T014857Z" */

struct sigv4_key { /* from the configuration */
    const char *id, *secret, *region, *service;
    const char *session_token; /* NULL: a key that lasts */
};

struct sigv4_request {
    const char *method;
    struct span url;          /* as it is called: "https://host/path?query" */
    const char *content_type; /* NULL: the request has none */
    struct span body;
};

/* The values of `x-amz-date` and `authorization`. Signed are these, host, content-type and, where there is one,
 * x-amz-security-token: the caller sends them as they are here. -1: a URL that is none, a query that is not made of plain
 * words, or no memory. */
MUST_CHECK int sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r, time_t now, char date[SIGV4_DATE_LEN + 1],
                          struct buf *authorization);

#endif
