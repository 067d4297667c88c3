"""python -m phasecalc.certify.checker certificate.json [--balls]"""

from __future__ import annotations

import sys

from . import Rejected, check_certificate

if __name__ == "__main__":
    try:
        print(check_certificate(sys.argv[1], balls="--balls" in sys.argv))
    except (Rejected, OSError) as refusal:
        sys.exit(f"rejected: {refusal}")
