// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is told by signals in Vala: by a monitor, a client and a pool.

const string NAME = "org.example.Peer";
const string PATH = "/org/example/Peer";
const string INTERFACE = "org.dbr.Peer1";

string address () {
    return Environment.get_variable ("DBR_TEST_ADDRESS");
}

Dbr.Client new_client () {
    return new Dbr.Client.for_address (address ());
}

void signal_peer (int number) {
    Posix.kill (int.parse (Environment.get_variable ("DBR_TEST_PEER_PIDS")), number);
}

void iterate () {
    MainContext.default ().iteration (true);
}

void signals () {
    var told = "";
    var owner = "";
    var monitor = new Dbr.ServiceMonitor (new_client (), NAME);

    monitor.interval_ms = 200;
    monitor.probe_timeout_ms = 300;
    monitor.probe_path = PATH;
    monitor.probe_interface = INTERFACE;
    monitor.probe_property = "Name";
    monitor.stalled.connect ((silent_usec) => {
        assert_true (silent_usec > 0);
        told += "stalled ";
    });
    monitor.recovered.connect ((down_usec) => {
        assert_true (down_usec > 0);
        told += "recovered ";
    });
    monitor.vanished.connect ((was) => {
        owner = was;
        told += "vanished ";
    });
    monitor.appeared.connect ((is_now) => {
        assert_cmpstr (is_now, EQ, owner);
        told += "appeared ";
    });
    monitor.restarted.connect ((old_owner, new_owner, gap_usec) => {
        assert_cmpstr (old_owner, EQ, new_owner);
        assert_true (gap_usec > 0);
        told += "restarted ";
    });
    try {
        monitor.start ();
        monitor.wait_healthy_sync (0);
        signal_peer (Posix.Signal.STOP);
        while (told != "stalled ")
            iterate ();
        assert_true (monitor.state == FROZEN);
        signal_peer (Posix.Signal.CONT);
        while (told != "stalled recovered ")
            iterate ();
        new_client ().call_sync (NAME, PATH, INTERFACE, "Tell",
            new Variant ("(s)", @"reown 100 $NAME"), null, 0);
        while (told != "stalled recovered vanished appeared restarted ")
            iterate ();
    } catch (Error error) {
        assert_no_error (error);
    }
    assert_cmpuint (monitor.history.get_n_items (), EQ, 5);
}

async void once () throws Error {
    var monitor = new Dbr.ServiceMonitor (new_client (), NAME);

    yield monitor.refresh_async (null);
    assert_true (monitor.available);
    assert_true ((yield monitor.check_async (null)) >= 0);
}

void read_once () {
    var done = false;

    once.begin ((source, result) => {
        try {
            once.end (result);
        } catch (Error error) {
            assert_no_error (error);
        }
        done = true;
    });
    while (!done)
        iterate ();
}

void late_reply () {
    var client = new_client ();
    var is_told = false;

    client.late_reply.connect ((operation, late_by_usec) => {
        assert_true (late_by_usec > 0);
        is_told = true;
    });
    try {
        client.call_sync (NAME, PATH, INTERFACE, "Wait", new Variant ("(u)", 300), null, 100);
        assert_not_reached ();
    } catch (Error error) {
        assert_true (error is Dbr.Error.DEADLINE);
    }
    while (!is_told)
        iterate ();
}

void connections () {
    var pool = new Dbr.Pool.for_address (address ());
    var told = "";

    pool.connection_opened.connect ((unique_name) => {
        told += "opened ";
    });
    pool.connection_closed.connect ((unique_name, error) => {
        told += "closed ";
    });
    try {
        var lease = pool.acquire_sync ();
        lease.release ();
        pool.close_sync ();
    } catch (Error error) {
        assert_no_error (error);
    }
    while (told != "opened closed ")
        iterate ();
}

int main (string[] args) {
    Test.init (ref args);
    Test.add_func ("/dbr/vala/monitors/signals", signals);
    Test.add_func ("/dbr/vala/monitors/once", read_once);
    Test.add_func ("/dbr/vala/monitors/late-reply", late_reply);
    Test.add_func ("/dbr/vala/monitors/connections", connections);

    return Test.run ();
}
