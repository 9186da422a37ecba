#include "upstream_internal.h"
struct upstream_call *echo_start(struct upstreams *u, const struct upstream_request *r,
                                 const struct upstream_handler *h, void *owner) { (void)u,(void)r,(void)h,(void)owner; return NULL; }
