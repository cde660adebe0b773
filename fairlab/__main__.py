"""``python -m fairlab``: the command line."""

import sys

from fairlab.cli import main

sys.exit(main())
