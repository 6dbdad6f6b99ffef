package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks/redistest"
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
	for _, command := range [][]string{{"work"}, {"doctor"}, {"bulk", write(t, "imp_uid\nimp_1\n")}, {"enqueue", "imp_1"}} {
		is.tellsOf(t, w, command)
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
