"""moto as a server that takes one request at a time, on the port that is its argument.

Of itself it takes many at once, and lets another write come between a condition and its write: a limit is then
overspent that DynamoDB, and all others that we know, hold.
"""

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"  # each test takes one of its own, whose name it makes up


class OneAtATime:
    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environment, start_response):
        with self.lock:
            return list(self.application(environment, start_response))


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), OneAtATime(DomainDispatcherApplication(create_backend_app)), threaded=True)
