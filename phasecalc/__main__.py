"""``python -m phasecalc`` is the command ``phasecalc``."""

from .cli import main

if __name__ == "__main__":
    main()
