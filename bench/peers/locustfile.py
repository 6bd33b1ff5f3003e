"""
A user of Locust that streams as llm_bench's does: `requests` in gevent, one JSON object parsed per
chunk. What it measured of each chunk goes to the file named by PEER_REPORT.
"""

import itertools
import json
import os
import time

from locust import HttpUser, events, task

TTFT_MS = []
ITL_MS = []
FAILURES = []
PROMPT = "load " * int(os.environ["PEER_PROMPT_TOKENS"])
RATE = float(os.environ.get("PEER_RATE", 0))
USERS = int(os.environ["PEER_USERS"])
USER_NUMBERS = itertools.count()


class Reader(HttpUser):
    def on_start(self):
        """With a rate each user has its turn, again and again. Locust's own pacing would bring all second turns at once."""
        self.due = time.time()
        if RATE:
            self.due += next(USER_NUMBERS) / RATE
            time.sleep(max(0, self.due - time.time()))

    def wait_time(self):
        if not RATE:
            return 0
        self.due += USERS / RATE
        return max(0, self.due - time.time())

    @task
    def complete(self):
        body = {
            "model": "sim-model",
            "prompt": PROMPT,
            "max_tokens": int(os.environ["PEER_ANSWER_TOKENS"]),
            "ignore_eos": True,
            "stream": True,
        }
        last = time.perf_counter()
        is_first = True
        with self.client.post("/v1/completions", json=body, stream=True, catch_response=True) as response:
            for line in response.iter_lines(delimiter=b"\n\n"):
                if not line.startswith(b"data:"):
                    continue
                data = line[len(b"data:") :].strip()
                if data == b"[DONE]":
                    break
                now = time.perf_counter()
                choices = json.loads(data)["choices"]
                if not choices or not choices[0]["text"]:
                    continue
                (TTFT_MS if is_first else ITL_MS).append((now - last) * 1000)
                is_first = False
                last = now
            if is_first:
                FAILURES.append(response.status_code)
                response.failure("no token")
            else:
                response.success()


@events.quitting.add_listener
def write_report(**_event):
    with open(os.environ["PEER_REPORT"], "w") as file:
        json.dump({"ttftMs": TTFT_MS, "itlMs": ITL_MS, "failures": len(FAILURES)}, file)
