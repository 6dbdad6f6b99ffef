package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestMissingRightIsNamedAtOnce starts what needs rights as a user that lacks one.
func TestMissingRightIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	for _, rule := range []string{"-rpoplpush", "-zadd", "-xadd", "-evalsha", "-set", "resetkeys ~{receipt}*"} {
		user := "no" + strings.Trim(strings.Fields(rule)[0], "-")
		words := []any{"acl", "setuser", user, "on", ">pw", "~*", "&*", "+@all"}
		for _, word := range strings.Fields(rule) {
			words = append(words, word)
		}
		do(t, server.Client(t), words...)
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strings.Replace(server.URL(), "://", "://"+user+":pw@", 1), iamporttest.Config{})
			is := useless{says: "redis does not allow its user " + user, advice: "ACL SETUSER " + user}
			commands := [][]string{{"work"}, {"doctor"}}
			if rule != "-rpoplpush" && rule != "-set" { // which producers do not need
				commands = append(commands, []string{"bulk", write(t, "imp_uid\nimp_1\n")}, []string{"enqueue", "imp_1"})
			}
			for _, command := range commands {
				is.tellsOf(t, w, command)
			}
		})
	}
}

func TestRenamedCommandIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--rename-command", "EVALSHA", "", "--rename-command", "EVAL", "")
	w := newWorld(t, server.URL(), iamporttest.Config{})
	is := useless{says: "redis does not know EVAL, EVALSHA", advice: "rename-command"}
	for _, command := range [][]string{{"work"}, {"doctor"}, {"bulk", write(t, "imp_uid\nimp_1\n")}, {"enqueue", "imp_1"}, {"bulk", write(t, "imp_uid\nimp_1\n"), "--dry-run"}} {
		is.tellsOf(t, w, command)
	}
}

// TestRefusedCommandIsNamed runs the commands that look for no rights at their start as users
// that lack one.
func TestRefusedCommandIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	url := strings.TrimSuffix(server.URL(), "/0") + "/1" // which SELECT chooses
	newWorld(t, url, iamporttest.Config{}).expect(t, exitDone, "bulk", write(t, "imp_uid\nimp_1\n"), "--batch", "b", "--yes")
	status, queues, dead, cancel := []string{"status", "imp_1"}, []string{"queue", "list"}, []string{"dead", "list"}, []string{"cancel", "imp_1"}
	dryRun := []string{"bulk", write(t, "imp_uid\nimp_1\n"), "--dry-run"}
	for name, test := range map[string]struct {
		rules    string // beside all rights
		says     string // behind what Redis does not allow the user
		advice   string // behind its name
		commands [][]string
	}{
		"ping":      {"-ping", "to run PING", "+ping", [][]string{status, queues, dead, cancel, dryRun, {"batch", "list"}, {"work"}, {"doctor"}}},
		"select":    {"-select", "to run SELECT", "+select", [][]string{status, queues, dead, cancel, dryRun, {"batch", "list"}, {"enqueue", "imp_2"}}},
		"zrevrange": {"-zrevrange", "to run ZREVRANGE", "+zrevrange", [][]string{{"batch", "list"}, dryRun}},
		"hgetall":   {"-hgetall", "to run HGETALL", "+hgetall", [][]string{status, cancel, {"batch", "list"}, dryRun}},
		"zrange":    {"-zrange", "to run ZRANGE", "+zrange", [][]string{dead}},
		"smembers":  {"-smembers", "to run SMEMBERS", "+smembers", [][]string{queues}},
		"evalsha":   {"-evalsha", "to run EVALSHA", "+evalsha", [][]string{queues, cancel, dryRun}},
		"keys":      {"resetkeys ~asynq:*", "to access the keys {receipt}:*", "~{receipt}:*", [][]string{queues, dead, cancel}},
		"a producer's keys": {
			"resetkeys ~asynq:* ~{receipt}:batch*", "to access the keys {receipt}:open, {receipt}:request:*, {receipt}:outcome:*, {receipt}:outcomes, {receipt}:hold",
			"~{receipt}:open ~{receipt}:request:* ~{receipt}:outcome:* ~{receipt}:outcomes ~{receipt}:hold",
			[][]string{status, dryRun},
		},
		"what a dry run does not need": {"-xadd", "to run XADD", "+xadd", [][]string{dryRun}},
	} {
		user := "no-" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", "")
		words := []any{"acl", "setuser", user, "on", ">pw", "~*", "&*", "+@all"}
		for _, word := range strings.Fields(test.rules) {
			words = append(words, word)
		}
		do(t, admin, words...)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strings.Replace(url, "://", "://"+user+":pw@", 1), iamporttest.Config{})
			is := useless{says: "redis does not allow its user " + user + " " + test.says, advice: "ACL SETUSER " + user + " " + test.advice + " on every node"}
			for _, command := range test.commands {
				is.tellsOf(t, w, command)
			}
		})
	}
}

// What is held is told beside the answer, and so is why that cannot be read.
func TestRefusedCommandIsNamedBesideTheAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	do(t, server.Client(t), "acl", "setuser", "few", "on", ">pw", "~*", "&*", "+@all", "-smembers")
	w := newWorld(t, server.URL(), iamporttest.Config{})
	w.expect(t, exitDone, "enqueue", "imp_1")
	few := w.with(map[string]string{"REDIS_URL": strings.Replace(server.URL(), "://", "://few:pw@", 1)})
	if _, stdout, stderr := few.run(t.Context(), "status", "imp_1"); !strings.Contains(stdout, "queued") ||
		!strings.Contains(stderr, "few to run SMEMBERS") || !strings.Contains(stderr, "ACL SETUSER few +smembers") {
		t.Errorf("got %s%s", stdout, stderr)
	}
}

// The users that have a command's role may run it, says the runbook.
func TestRolesOfCommandsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	users := usersOf(t)
	root := (&program{}).root()
	for _, name := range leaves(root, "") {
		group, _, _ := strings.Cut(name, " ")
		of := append(users[name], users[group]...)
		cmd, _, err := root.Find(strings.Fields(name))
		if err != nil {
			t.Fatal(err)
		}
		if role := roleOf(cmd); len(of) > 0 && name != "doctor" && !slices.Contains(of, role.User) {
			t.Errorf("%s has the role of %s, and the table says %q", name, role.User, of)
		}
	}
}

// A Redis that takes no writes is named before anything is asked for.
func TestMissingReplicasAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--min-replicas-to-write", "1")
	is := useless{says: "NOREPLICAS", advice: "bring a replica back", passes: true}
	list := write(t, "imp_uid\nimp_1\n")
	for _, command := range [][]string{{"bulk", list}, {"bulk", list, "--dry-run"}, {"enqueue", "imp_1"}, {"work"}} {
		is.tellsOf(t, newWorld(t, server.URL(), iamporttest.Config{}), command)
	}
}

// A right that is taken away while a worker runs.
func TestRightThatIsTakenAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	admin := server.Client(t)
	do(t, admin, "acl", "setuser", "few", "on", ">pw", "~*", "&*", "+@all")
	w := newWorld(t, strings.Replace(server.URL(), "://", "://few:pw@", 1), iamporttest.Config{}).
		with(map[string]string{"REVOKER_HTTP": "127.0.0.1:0"})
	log := startWork(t, w.environment)
	log.await(t, `"msg":"serving"`)
	_, rest, _ := strings.Cut(log.String(), `"http":"`)
	address, _, _ := strings.Cut(rest, `"`)
	redistest.Eventually(t, time.Minute, "it is ready", func() bool {
		code, _ := readyz(t, address)
		return code == http.StatusOK
	})
	do(t, admin, "acl", "setuser", "few", "-rpoplpush")
	log.await(t, "Redis refuses what workers need")
	if code, text := readyz(t, address); code != http.StatusServiceUnavailable || !strings.Contains(text, "few to run RPOPLPUSH") {
		t.Errorf("/readyz says %d %s", code, text)
	}
	if !strings.Contains(log.String(), "ACL SETUSER few +rpoplpush") {
		t.Errorf("no advice:\n%s", log)
	}
	do(t, admin, "acl", "setuser", "few", "+rpoplpush")
	log.await(t, "Redis is back")
	if code, text := readyz(t, address); code != http.StatusOK {
		t.Errorf("/readyz says %d %s", code, text)
	}
	if n := strings.Count(log.String(), "Redis refuses what workers need"); n != 1 {
		t.Errorf("it was told %d times:\n%s", n, log)
	}
}
