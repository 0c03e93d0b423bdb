// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Asks a player for its first track, and says what became of the call.

async int play () {
    var client = new Dbr.Client (BusType.SESSION);
    var call = new Dbr.Call ("org.example.Player", "/org/example/Player", "org.example.Player", "Play",
                             new Variant ("(u)", 1)) {
        reply_type = new VariantType ("(s)"),
        timeout_ms = 500
    };

    try {
        var reply = yield client.run_async (call);
        print ("It plays %s\n", reply.get_child_value (0).get_string ());
        return 0;
    } catch (Error error) {
        print ("%s\n", error.message);
        if (call.execution == Dbr.Execution.MAYBE)
            print ("It may play all the same\n");
        return 1;
    }
}

int main () {
    var loop = new MainLoop ();
    var status = 1;

    play.begin ((source, result) => {
        status = play.end (result);
        loop.quit ();
    });
    loop.run ();

    return status;
}
