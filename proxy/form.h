/* SPDX-License-Identifier: Apache-2.0
 *
 * A form as the JSON object that it stands for, and back. Its texts are walked, searched and edited like those of any body;
 * its files are carried along, under names of our own. What no table names is no field.
 *
 *   prompt=Mr. Doe   include[]=logprobs   temperature=0.2   file=(bytes)
 *   {"prompt": "Mr. Doe", "include": ["logprobs"], "temperature": 0.2}       + one file
 */
#ifndef FORM_H
#define FORM_H

#include "multipart.h"
#include "shape.h"
#include "span.h"

struct buf;

#define FORM_FILES_MAX 16u

enum form_file_kind { FORM_AUDIO = 1, FORM_IMAGE, FORM_LINES };

struct form_file {
    const char *field;        /* of the table */
    bool listed;              /* as field[] */
    enum form_file_kind kind;
    const char *name, *type;  /* constants */
    struct span data;
};

struct form {
    struct form_file files[FORM_FILES_MAX];
    size_t n_files;
    const char *error; /* when it was refused: a constant code, "unknown_field", "duplicate_field", ... */
};

/* 0: json holds the object and f the files, which point into body. -1: f->error. */
MUST_CHECK int form_read(enum shape_endpoint e, struct span body, struct span boundary, struct form *f, struct buf *json);

/* The form anew, from the object as it may leave. -1: out of memory or a limit. */
MUST_CHECK int form_write(enum shape_endpoint e, struct span json, const struct form *f, const char *boundary, struct buf *out);

/* The i-th field of an endpoint, for those who want to know; NULL: no more. */
const char *form_field_name(enum shape_endpoint e, size_t i);
bool form_field_is_file(enum shape_endpoint e, size_t i);

#endif
