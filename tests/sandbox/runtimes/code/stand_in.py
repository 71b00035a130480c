"""A service for tests: what it does is its first argument."""

import json
import os
import signal
import subprocess
import sys
import time

what = sys.argv[1]
if what == "environment":
    print(json.dumps(dict(os.environ)))
elif what == "die":
    print("the disk of the moon is missing")
    print("a secret slipped into the log:", os.environ.get("SLIPPED", ""))
    sys.exit(3)
elif what == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(60)"])
    print("ready")
    while True:
        time.sleep(60)
elif what == "silent":
    print("I am here and never ready")
    while True:
        time.sleep(60)
