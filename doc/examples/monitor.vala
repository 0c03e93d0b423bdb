// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Watches a player, and says when it hangs and when it works again.

int main () {
    var loop = new MainLoop ();
    var client = new Dbr.Client (BusType.SESSION);
    var monitor = new Dbr.ServiceMonitor (client, "org.example.Player");

    monitor.interval_ms = 200;
    monitor.stalled.connect (() => {
        print ("It hangs\n");
    });
    monitor.recovered.connect (() => {
        print ("It works again\n");
        loop.quit ();
    });
    try {
        monitor.start ();
        monitor.wait_healthy_sync (5000);
    } catch (Error error) {
        print ("%s\n", error.message);
        return 1;
    }

    print ("It works\n");
    client.call_async.begin ("org.example.Player", "/org/example/Player", "org.example.Player",
        "Play", null, null, 0, null);
    loop.run ();

    return 0;
}
