"""python -m phasecalc.certify.checker certificate.json [--balls]"""

from __future__ import annotations

import sys

from . import check_certificate

if __name__ == "__main__":
    files = [word for word in sys.argv[1:] if word != "--balls"]
    if len(files) != 1:
        sys.exit(f"usage: {__doc__}")
    try:
        print(check_certificate(files[0], balls="--balls" in sys.argv))
    except (ValueError, OSError) as refusal:
        sys.exit(f"rejected: {refusal}")
