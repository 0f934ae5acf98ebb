"""Key files as the workflow writes them: `python -m benchmarks.job_keys JSON` in a copy of src and scripts.

The argument holds settings by rule. A job reads its settings there, and which libraries its code needs.
"""

import json
import sys
from pathlib import Path

from pdp import keys

FOLDER = Path("results/keys")

if __name__ == "__main__":
    code = keys.Code(Path("src"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for rule, settings in json.loads(sys.argv[1]).items():
        also = [f"pdp.formats.{settings['format']}"] if "format" in settings else []
        text = keys.key(rule, code, Path("scripts", f"{rule}.py"), settings, also)
        (FOLDER / f"{rule}.json").write_text(text, encoding="utf-8")
