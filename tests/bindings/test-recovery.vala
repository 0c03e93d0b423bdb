// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A service that is stopped is recovered by stages that are written in Vala.

const string NAME = "org.example.Peer";
const string PATH = "/org/example/Peer";
const string INTERFACE = "org.dbr.Peer1";

void signal_peer (int number) {
    Posix.kill (int.parse (Environment.get_variable ("DBR_TEST_PEER_PIDS")), number);
}

Dbr.Recovery new_recovery () {
    var client = new Dbr.Client.for_address (Environment.get_variable ("DBR_TEST_ADDRESS"));
    var monitor = new Dbr.ServiceMonitor (client, NAME);

    monitor.probe_timeout_ms = 500;
    monitor.misses_to_stall = 2;
    monitor.probe_path = PATH;
    monitor.probe_interface = INTERFACE;
    monitor.probe_property = "Level";

    return new Dbr.Recovery (monitor, null);
}

class Wake : Dbr.RecoveryStage {
    public Wake () {
        Object (name: "wake", scope: Dbr.RecoveryScope.DEVICE);
    }

    public override void perform (Dbr.RecoveryAttempt attempt) {
        signal_peer (Posix.Signal.CONT);
        attempt.succeed ();
    }
}

void recover (Dbr.RecoveryStage stage) {
    var recovery = new_recovery ();
    var told = "";

    recovery.stage_started.connect ((tried, target) => {
        told += @"started $(tried.name) ";
    });
    recovery.recovered.connect ((target, elapsed_usec) => {
        assert_true (elapsed_usec > 0);
        told += "recovered ";
    });
    signal_peer (Posix.Signal.STOP);
    try {
        recovery.add_stage (stage);
        assert_true (recovery.recover_sync ("") == RECOVERED);
    } catch (Error error) {
        assert_no_error (error);
    }
    assert_cmpstr (told, EQ, "started wake recovered ");
}

void derived () {
    recover (new Wake ());
}

void connected () {
    var stage = new Dbr.RecoveryStage ("wake", DEVICE);

    stage.perform.connect ((attempt) => {
        signal_peer (Posix.Signal.CONT);
        attempt.succeed ();
    });
    recover (stage);
}

int main (string[] args) {
    Test.init (ref args);

    Test.add_func ("/dbr/vala/a-stage-is-a-class-that-overrides-perform", derived);
    Test.add_func ("/dbr/vala/a-stage-is-a-signal-that-is-connected-to", connected);

    return Test.run ();
}
