"""Prints what it takes and lets go. Agent and token come by LIBRING_URL and LIBRING_TOKEN."""

import os
import signal
import sys
import threading

from libring_consumer import Consumer, Refused, SessionOver


def on_step(kind, step):
    # Here begins, changes or ends the work for the partition. A store would be shown the token.
    print(kind, step["partition"], step["replica"], step.get("token", "-"), flush=True)
    if kind == "release" and step["replica"] == 0:
        return b"where I was with partition %d" % step["partition"]
    return None


def main():
    token = os.environ.get("LIBRING_TOKEN")
    if token is None:
        sys.exit("LIBRING_TOKEN must hold the agent's token")
    url = os.environ.get("LIBRING_URL", "http://127.0.0.1:7380")
    consumer = Consumer(url, token, on_step, takeover="--takeover" in sys.argv)

    def stop(*_):
        # Not within the signal handler: it asks the agent, which may take a while.
        threading.Thread(target=consumer.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        consumer.run()
    except (SessionOver, Refused) as error:
        # Nothing is ours any more. Whoever supervises this process starts it again.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
