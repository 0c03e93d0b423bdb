/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <libdbr.h>

#include "recovery/dbr-recovery-attempt-private.h"
#include "recovery/dbr-recovery-stage-private.h"

/* What an attempt was answered. */
typedef struct
{
  guint   n_answers;
  GError *error;
  guint   n_destroyed;
} Answer;

static void
answer_clear (Answer *self)
{
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
answered_cb (const GError *error,
             gpointer      user_data)
{
  Answer *answer = user_data;

  answer->n_answers++;
  g_clear_error (&answer->error);
  answer->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
destroyed_cb (gpointer user_data)
{
  ((Answer *) user_data)->n_destroyed++;
}

static DbrRecoveryAttempt *
attempt_new (Answer *answer)
{
  g_autoptr(DbrClient) client = dbr_client_new_for_address ("unix:path=/nonexistent");
  g_autoptr(DbrServiceMonitor) monitor = dbr_service_monitor_new (client, "org.example.Service");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  return dbr_recovery_attempt_new ("", monitor, cancellable, answered_cb, answer, destroyed_cb);
}

static void
test_first_answer (void)
{
  g_auto(Answer) answer = { 0 };
  g_autoptr(DbrRecoveryAttempt) attempt = attempt_new (&answer);
  g_autoptr(GError) error = g_error_new_literal (DBR_ERROR, DBR_ERROR_DENIED, "no");

  g_test_summary ("Of several answers the first one counts");

  g_assert_cmpstr (dbr_recovery_attempt_get_target (attempt), ==, "");
  g_assert_cmpstr (dbr_service_monitor_get_bus_name (dbr_recovery_attempt_get_monitor (attempt)),
                   ==, "org.example.Service");
  g_assert_false (g_cancellable_is_cancelled (dbr_recovery_attempt_get_cancellable (attempt)));
  dbr_recovery_attempt_fail (attempt, error);
  dbr_recovery_attempt_succeed (attempt);
  g_assert_cmpuint (answer.n_answers, ==, 1);
  g_assert_error (answer.error, DBR_ERROR, DBR_ERROR_DENIED);
  g_clear_object (&attempt);
  g_assert_cmpuint (answer.n_answers, ==, 1);
  g_assert_cmpuint (answer.n_destroyed, ==, 1);
}

static void
test_dropped (void)
{
  g_auto(Answer) answer = { 0 };

  g_test_summary ("An attempt that nobody keeps has failed");

  g_object_unref (attempt_new (&answer));
  g_assert_cmpuint (answer.n_answers, ==, 1);
  g_assert_error (answer.error, DBR_ERROR, DBR_ERROR_CLOSED);
  g_assert_cmpuint (answer.n_destroyed, ==, 1);
}

static void
perform_cb (DbrRecoveryStage   *stage,
            DbrRecoveryAttempt *attempt,
            gpointer            user_data)
{
  dbr_recovery_attempt_succeed (attempt);
}

static void
test_connected (void)
{
  g_autoptr(DbrRecoveryStage) stage = dbr_recovery_stage_new ("mine", DBR_RECOVERY_SCOPE_ADAPTER);
  g_auto(Answer) answer = { 0 };
  g_autoptr(DbrRecoveryAttempt) attempt = attempt_new (&answer);

  g_test_summary ("A stage does what its signal is connected to");

  g_signal_connect (stage, "perform", G_CALLBACK (perform_cb), NULL);
  dbr_recovery_stage_perform (stage, attempt);
  g_assert_cmpuint (answer.n_answers, ==, 1);
  g_assert_no_error (answer.error);
}

/* A stage of one's own class. */
typedef struct
{
  DbrRecoveryStage parent_instance;
} OwnStage;

typedef struct
{
  DbrRecoveryStageClass parent_class;
} OwnStageClass;

GType own_stage_get_type (void);

G_DEFINE_TYPE (OwnStage, own_stage, DBR_TYPE_RECOVERY_STAGE)

static void
own_stage_perform (DbrRecoveryStage   *stage,
                   DbrRecoveryAttempt *attempt)
{
  dbr_recovery_attempt_succeed (attempt);
}

static void
own_stage_class_init (OwnStageClass *klass)
{
  klass->parent_class.perform = own_stage_perform;
}

static void
own_stage_init (OwnStage *self)
{
}

static void
test_derived (void)
{
  g_autoptr(DbrRecoveryStage) stage = g_object_new (own_stage_get_type (), "name", "own", NULL);
  g_auto(Answer) answer = { 0 };
  g_autoptr(DbrRecoveryAttempt) attempt = attempt_new (&answer);

  g_test_summary ("A derived stage has the slot of its class called");

  dbr_recovery_stage_perform (stage, attempt);
  g_assert_cmpuint (answer.n_answers, ==, 1);
  g_assert_no_error (answer.error);
}

static void
assert_refused (DbrRecoveryStage *stage,
                const char       *part)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (dbr_recovery_stage_check (stage, &error));
  g_assert_error (error, DBR_ERROR, DBR_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_bad_values (void)
{
  const struct
  {
    const char *property;
    guint       bad;
    guint       good;
  } bad_values[] = {
    { "timeout-ms", 0, 30000 },
    { "timeout-ms", 86400001, 30000 },
    { "cooldown-ms", 0, 60000 },
    { "cooldown-ms", 86400001, 60000 },
    { "max-attempts", 0, 1 },
    { "max-attempts", 1001, 1 },
  };
  g_autoptr(DbrRecoveryStage) stage = dbr_recovery_stage_new ("mine", DBR_RECOVERY_SCOPE_DEVICE);
  g_autoptr(DbrRecoveryStage) nameless = dbr_recovery_stage_new ("", DBR_RECOVERY_SCOPE_DEVICE);
  g_autoptr(DbrRecoveryStage) aimless = dbr_recovery_stage_new ("mine", 0);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A value that makes no sense is named");

  for (gsize i = 0; i < G_N_ELEMENTS (bad_values); i++)
    {
      guint value;

      g_object_get (stage, bad_values[i].property, &value, NULL);
      g_assert_cmpuint (value, ==, bad_values[i].good);
      g_object_set (stage, bad_values[i].property, bad_values[i].bad, NULL);
      assert_refused (stage, bad_values[i].property);
      g_object_set (stage, bad_values[i].property, bad_values[i].good, NULL);
    }
  g_assert_true (dbr_recovery_stage_check (stage, &error));
  g_assert_no_error (error);
  assert_refused (nameless, "name");
  assert_refused (aimless, "scope");
}

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    user_data)
{
  (*(guint *) user_data)++;
}

static void
test_notify (void)
{
  g_autoptr(DbrRecoveryStage) stage = dbr_recovery_stage_new ("mine", DBR_RECOVERY_SCOPE_DEVICE);
  guint n_notified = 0;

  g_test_summary ("A change is notified, and the same value is none");

  g_signal_connect (stage, "notify::max-attempts", G_CALLBACK (notify_cb), &n_notified);
  dbr_recovery_stage_set_max_attempts (stage, 1);
  g_assert_cmpuint (n_notified, ==, 0);
  dbr_recovery_stage_set_max_attempts (stage, 4);
  g_assert_cmpuint (n_notified, ==, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dbr/recovery-attempt/first-answer", test_first_answer);
  g_test_add_func ("/dbr/recovery-attempt/dropped", test_dropped);
  g_test_add_func ("/dbr/recovery-stage/connected", test_connected);
  g_test_add_func ("/dbr/recovery-stage/derived", test_derived);
  g_test_add_func ("/dbr/recovery-stage/bad-values", test_bad_values);
  g_test_add_func ("/dbr/recovery-stage/notify", test_notify);

  return g_test_run ();
}
