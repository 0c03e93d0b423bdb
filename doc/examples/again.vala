// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Rewinds a player that may be busy, which is code of one's own that a policy runs again.

async void wait_ms (uint ms) {
    Timeout.add (ms, () => {
        wait_ms.callback ();
        return Source.REMOVE;
    });
    yield;
}

async int rewind () throws Error {
    var client = new Dbr.Client (BusType.SESSION);
    var policy = new Dbr.RetryPolicy ();
    var attempts = 1;

    policy.add_retryable ("org.example.Player.Error.Busy");
    var retry = policy.begin (5000, false);
    for (;;) {
        uint delay_ms;

        try {
            yield client.call_async ("org.example.Player", "/org/example/Player",
                                     "org.example.Player", "Rewind");
            print (@"Attempts: $attempts\n");
            return 0;
        } catch (Error error) {
            if (!retry.next (policy.classify (error), out delay_ms)) {
                print (@"$(error.message)\nAttempts: $attempts\n");
                return 1;
            }
        }
        yield wait_ms (delay_ms);
        attempts++;
    }
}

int main () {
    var loop = new MainLoop ();
    var status = 1;

    rewind.begin ((source, result) => {
        try {
            status = rewind.end (result);
        } catch (Error error) {
            print ("%s\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();

    return status;
}
