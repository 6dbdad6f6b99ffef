package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/rights"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestRightsOfTheRunbookAreEnough runs each part of the program as the user
// that the list has for it, and sees that none is refused anything.
func TestRightsOfTheRunbookAreEnough(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *guarded{"TLS": startGuarded, "cluster": startGuardedCluster} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, w := start(t), newWorld(t, "", iamporttest.Config{})
			log := startWork(t, g.as(w, "revoker-worker").with(map[string]string{
				"REVOKER_HTTP": "127.0.0.1:0", "REVOKER_GATE_RECEIPTS": "10",
			}).environment)
			abandon(t, g.as(w, "revoker-worker"))
			tour{producer: g.as(w, "revoker-producer"), operator: g.as(w, "revoker-operator"), lines: 300, refused: 30}.run(t)
			endure(t, g.as(w, "revoker-producer"), log)
			named(t, g.as(w, "revoker-producer"), log)
			look(t, g.as(w, "revoker-monitor"))
			scrape(t, log)
			measure(t, g.as(w, "revoker-keda"))
			redistest.Eventually(t, failoverTime, "the sweeper goes on with what nobody does", func() bool {
				return strings.Contains(log.String(), "enqueued again") && strings.Contains(log.String(), `"revoked","imp_uid":"`+abandoned)
			})
			stdout := g.as(w, "revoker-doctor").expect(t, exitDone, "doctor")
			if strings.Contains(stdout, "unknown ") || !strings.Contains(stdout, "the user revoker-doctor only looks") {
				t.Errorf("the doctor does not see everything:\n%s", stdout)
			}
			for _, denied := range g.denied(t) {
				t.Error(denied)
			}
			examineAsWorker(t, g.as(w, "revoker-worker"))
			if text := log.String(); refused.MatchString(text) {
				t.Errorf("the worker is refused something:\n%s", text)
			}
		})
	}
}

// endure sees a gateway fail and return: its gate closes, a probe finds out, and
// what waited is revoked.
func endure(t *testing.T, w *world, log *buffer) {
	t.Helper()
	w.portone.SetOutage(tasks.Nice, true)
	command := []string{"enqueue", "--pg", "nice"}
	for i := range 20 {
		impUID := fmt.Sprintf("imp_7000000000%02d", i)
		w.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.Nice})
		command = append(command, impUID)
	}
	w.expect(t, exitDone, command...)
	log.await(t, `"gate closed: `)
	w.portone.SetOutage(tasks.Nice, false)
	log.await(t, `"gate open again"`)
	w.expect(t, exitDone, append(command, "--wait")...)
}

// named requests a certain receipt, which the producer does not do blindly: it sees that
// all workers understand which.
func named(t *testing.T, w *world, log *buffer) {
	t.Helper()
	receipt := iamporttest.Receipt{ImpUID: "imp_600000000001", PG: tasks.KCP, ApplyNum: "123456789"}
	w.portone.Issue(receipt)
	w.expect(t, exitDone, "enqueue", receipt.ImpUID, "--pg", "kcp", "--apply-num", receipt.ApplyNum, "--wait")
	if strings.Contains(log.String(), "older workers") {
		t.Errorf("the worker takes itself for an older one:\n%s", log)
	}
}

// examineAsWorker runs the doctor where a worker runs: it may not see Redis'
// settings and the queues of others, and sees all that is ours.
func examineAsWorker(t *testing.T, w *world) {
	t.Helper()
	stdout := w.expect(t, exitDone, "doctor")
	for _, check := range []string{"writes", "rights", "queues", "paused", "archive", "leases", "strays", "overdue", "credentials"} {
		if !regexp.MustCompile(`(?m)^ok +` + check + ` `).MatchString(stdout) {
			t.Errorf("the doctor does not find %s to be ok:\n%s", check, stdout)
		}
	}
}

// abandoned is an imp_uid that was begun and has no task.
const abandoned = "imp_800000000001"

func abandon(t *testing.T, w *world) {
	t.Helper()
	w.portone.Issue(iamporttest.Receipt{ImpUID: abandoned})
	store := outcome.NewStore(w.client(t), outcome.Config{})
	if _, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: abandoned}, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	longAgo := redis.Z{Score: float64(time.Now().Add(-time.Hour).UnixMilli()), Member: abandoned}
	if err := w.client(t).ZAdd(t.Context(), "{receipt}:open", longAgo).Err(); err != nil {
		t.Fatal(err)
	}
}

// look reads what the web site shows.
func look(t *testing.T, w *world) {
	t.Helper()
	site, log := startMonitor(t, w.environment, "--listen", "127.0.0.1:0")
	queue, person := "/asynq/api/queues/receipts-bulk-kcp", visitor(t, log)
	for _, path := range []string{
		"/", "/?lang=en&q=imp_000000000003", "/asynq/api/queues", queue, queue + "/pending_tasks", queue + "/active_tasks",
		queue + "/scheduled_tasks", queue + "/retry_tasks", queue + "/archived_tasks", queue + "/completed_tasks",
		queue + "/tasks/revoke:imp_000000000003", "/asynq/api/servers", "/asynq/api/redis_info", "/asynq/api/queue_stats",
		"/asynq/api/scheduler_entries",
	} {
		if status, body := fetch(t, person, site+path); status != http.StatusOK || refused.MatchString(body) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	if refused.MatchString(log.String()) {
		t.Errorf("the monitor is refused something:\n%s", log)
	}
}

// scrape sees that the worker's figures are whole.
func scrape(t *testing.T, log *buffer) {
	t.Helper()
	log.await(t, `"http":"`)
	_, rest, _ := strings.Cut(log.String(), `"http":"`)
	address, _, _ := strings.Cut(rest, `"`)
	status, body := fetch(t, http.DefaultClient, "http://"+address+"/metrics")
	for _, want := range []string{
		"revoker_redis_up 1\n", `revoker_queue_tasks{pg="kcp",queue="receipts-bulk-kcp",state="pending"} 0`, "revoker_dead_letters 0\n",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics: %d without %s", status, want)
		}
	}
}

// measure asks for a queue's length as KEDA does.
func measure(t *testing.T, w *world) {
	t.Helper()
	script := `return redis.call('type', KEYS[1]).ok .. redis.call('llen', KEYS[1])`
	length, err := w.client(t).Eval(t.Context(), script, []string{"asynq:{receipts-bulk-kcp}:pending"}).Text()
	if err != nil || length != "none0" {
		t.Errorf("the length of a queue: %q, %v", length, err)
	}
}

// refused is how Redis says that a user may not do something.
var refused = regexp.MustCompile(`NOPERM|WRONGPASS|executing the script can't`)

// TestRightsOfTheRunbookAreFew sees that no user may do what none needs.
func TestRightsOfTheRunbookAreFew(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	w := newWorld(t, "", iamporttest.Config{})
	for _, user := range g.users(t) {
		client := g.as(w, user).client(t)
		for _, words := range [][]any{
			{"flushall"},
			{"flushdb"},
			{"keys", "*"},
			{"config", "set", "maxmemory", "1"},
			{"shutdown"},
			{"acl", "list"},
			{"replicaof", "no", "one"},
			{"monitor"},
			{"script", "flush"},
			{"client", "list"},
			{"set", "other:key", "1"},
			{"get", "other:key"},
			{"publish", "other", "1"},
			{"eval", "return redis.call('GET', 'other:key')", 0},
		} {
			if err := client.Do(t.Context(), words...).Err(); err == nil || !refused.MatchString(err.Error()) {
				t.Errorf("%s may %v: %v", user, words, err)
			}
		}
	}
}

// TestProducersWriteNoOutcome sees that who asks for revocations cannot say what
// became of them, and reads it.
func TestProducersWriteNoOutcome(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	client := g.as(newWorld(t, "", iamporttest.Config{}), "revoker-producer").client(t)
	for _, words := range [][]any{
		{"hset", "{receipt}:outcome:imp_1", "status", "revoked"},
		{"hdel", "{receipt}:outcome:imp_1", "status"},
		{"del", "{receipt}:outcome:imp_1"},
		{"pexpire", "{receipt}:outcome:imp_1", "1"},
		{"zadd", "{receipt}:dead", "1", "imp_1"},
		{"zrem", "{receipt}:dead", "imp_1"},
		{"xadd", "{receipt}:outcomes", "*", "imp_uid", "imp_1", "status", "revoked"},
		{"del", "{receipt}:outcomes"},
		{"hset", "{receipt}:gate:kcp", "state", "open"},
		{"del", "{receipt}:gate:kcp"},
		{"del", "{receipt}:hold"},
		{"zadd", "{receipt}:sweeper", "1", "x"},
		{"del", "asynq:{receipts-kcp}:paused"},
		{"set", "asynq:{receipts-kcp}:paused", "1"},
		{"del", "asynq:{receipts-kcp}:active"},
		{"zrem", "asynq:{receipts-kcp}:lease", "revoke:imp_1"},
		{"zrem", "asynq:servers", "asynq:servers:{a:1:x}"},
		{"del", "asynq:servers:{a:1:x}"},
	} {
		if err := client.Do(t.Context(), words...).Err(); err == nil || !refused.MatchString(err.Error()) {
			t.Errorf("a producer may %v: %v", words, err)
		}
		script := "return redis.call(unpack(ARGV))"
		if err := client.Eval(t.Context(), script, nil, words...).Err(); err == nil || !refused.MatchString(err.Error()) {
			t.Errorf("a producer may %v in a script: %v", words, err)
		}
	}
	for _, words := range [][]any{
		{"hgetall", "{receipt}:outcome:imp_1"},
		{"xrevrange", "{receipt}:outcomes", "+", "-"},
	} {
		if err := client.Do(t.Context(), words...).Err(); err != nil {
			t.Errorf("a producer may not %v: %v", words, err)
		}
	}
}

// TestEveryScriptMayBeRun finds the commands that scripts name, those of rare
// cases too.
func TestEveryScriptMayBeRun(t *testing.T) {
	t.Parallel()
	allowed := allRules(t)
	for user, patterns := range map[string][]string{
		"revoker-worker": {
			"tasks/outcome/scripts", "tasks/outcome/attempt_begin", "tasks/outcome/attempt_extend",
			"tasks/outcome/attempt_finish", "tasks/outcome/beat", "tasks/outcome/beat_count",
			"tasks/outcome/open_overdue", "tasks/asynqkeys/*",
			"worker/account/*", "worker/gate/*",
		},
		"revoker-producer": {
			"tasks/outcome/ask", "tasks/outcome/scripts", "tasks/outcome/ask_complete", "tasks/asynqkeys/remove",
			"tasks/asynqkeys/enqueue_all",
		},
		"revoker-operator": {
			"tasks/outcome/ask", "tasks/outcome/scripts", "tasks/outcome/ask_complete", "tasks/outcome/cancel", "tasks/outcome/dead_revive", "tasks/outcome/settle", "tasks/asynqkeys/remove", "tasks/asynqkeys/pause*", "worker/gate/*",
		},
	} {
		for _, pattern := range patterns {
			scripts, err := filepath.Glob("../../" + pattern + ".lua")
			if err != nil || len(scripts) == 0 {
				t.Fatalf("found no scripts at %s: %v", pattern, err)
			}
			for _, script := range scripts {
				for _, command := range called(t, script) {
					if !slices.Contains(allowed[user], "+"+command) {
						t.Errorf("%s calls %s, which %s may not", script, command, user)
					}
				}
			}
		}
	}
}

// allRules returns the rules of the list by user.
func allRules(t *testing.T) map[string][]string {
	t.Helper()
	list, err := os.ReadFile(usersFile)
	if err != nil {
		t.Fatal(err)
	}
	rules := make(map[string][]string)
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(line)
		rules[words[1]] = words[2:]
	}
	return rules
}

// Workers and producers see at their start that they have the rights of the list, and ask for
// no others.
func TestRightsThatAreCheckedAreThoseOfTheList(t *testing.T) {
	t.Parallel()
	all := allRules(t)
	for _, role := range []rights.Role{rights.Worker, rights.Producer, rights.Operator} {
		// What no script may call, is seen when Redis is reached, or cannot be tried without effect.
		beside := strings.Fields("off resetkeys resetchannels -@all &asynq:cancel &{receipt}:wake +ping +select +eval +evalsha +cluster|slots +command " +
			"+subscribe +publish +info +cluster|info +cluster|nodes +cluster|keyslot +memory|usage")
		var checked []string
		for _, command := range role.Commands() {
			checked = append(checked, "+"+command)
		}
		written, read := role.Keys(outcome.DefaultNamespace)
		for _, pattern := range written {
			checked = append(checked, "~"+pattern)
		}
		for _, pattern := range read {
			checked = append(checked, "%R~"+pattern)
		}
		for _, rule := range all[role.User] {
			if !slices.Contains(checked, rule) && !slices.Contains(beside, rule) {
				t.Errorf("%s has %s, which is not checked", role.User, rule)
			}
		}
		for _, rule := range checked {
			if !slices.Contains(all[role.User], rule) {
				t.Errorf("%s is checked for %s, which it has not", role.User, rule)
			}
		}
	}
}

// called returns the commands that a script names.
func called(t *testing.T, script string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?:redis\.p?call\(|\{)'([A-Z]+)'`).FindAllStringSubmatch(string(text), -1) {
		commands = append(commands, strings.ToLower(match[1]))
	}
	return commands
}
