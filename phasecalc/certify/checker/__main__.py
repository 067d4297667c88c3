"""python -m phasecalc.certify.checker certificate.json [--balls]"""

from __future__ import annotations

import sys

from . import Rejected, check_certificate

if __name__ == "__main__":
    files = [word for word in sys.argv[1:] if word != "--balls"]
    if len(files) != 1:
        print(f"usage: {__doc__}", file=sys.stderr)
        sys.exit(2)
    try:
        print(check_certificate(files[0], balls="--balls" in sys.argv))
    except Rejected as refusal:
        sys.exit(f"rejected: {refusal}")
    except (ValueError, OSError) as error:  # not a certificate at all
        print(error, file=sys.stderr)
        sys.exit(2)
