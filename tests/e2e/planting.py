# SPDX-License-Identifier: Apache-2.0
"""An identifier at one place after the other, and what of it arrives."""
PLANT = "MRN: 00417723"
PLANTED = b"00417723"  # as it would arrive, however it was cut out


def plant_everywhere(upstream, path, bodies, send):
    """How many bodies there are, and how many of them went on; none with what was planted. bodies: (where, body); send: status."""
    leaks, forwarded, n = [], 0, 0
    for where, body in bodies:
        upstream.clear()
        status = send(body)
        n += 1
        forwarded += len(upstream.requests)
        assert upstream.requests or 400 <= status < 500, (where, status)
        if PLANTED in upstream.received:
            leaks.append(where)
    print(f"{path}: {n} places, {forwarded} forwarded")
    assert leaks == []
    return n, forwarded
