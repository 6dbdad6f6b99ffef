package rights_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

var roles = []rights.Role{rights.Worker, rights.Producer, rights.Operator}

// words returns the rules of a user that has a role in a namespace.
func words(role rights.Role, namespace string) []string {
	rules := []string{"reset", "on", ">pw", "+ping", "+eval", "+evalsha", "+cluster|slots", "+command"}
	for _, command := range role.Commands() {
		rules = append(rules, "+"+command)
	}
	written, read := role.Keys(namespace)
	for _, pattern := range written {
		rules = append(rules, "~"+pattern)
	}
	for _, pattern := range read {
		rules = append(rules, "%R~"+pattern)
	}
	return rules
}

// as returns a client of a user that has these rules.
func as(t *testing.T, server *redistest.Server, name string, rules []string) *redis.Client {
	t.Helper()
	args := []any{"acl", "setuser", name}
	for _, rule := range rules {
		args = append(args, rule)
	}
	if err := server.Client(t).Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: name, Password: "pw", DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	return client
}

func without(rules []string, rule string) []string {
	return slices.DeleteFunc(slices.Clone(rules), func(r string) bool { return r == rule })
}

func TestWhoMayDoEverythingLacksNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for _, role := range roles {
			if err := rights.Check(t.Context(), client, role, "receipt"); err != nil {
				t.Errorf("%s: %v", role.User, err)
			}
		}
		if keys, err := client.Keys(t.Context(), "*").Result(); err != nil || len(keys) > 0 {
			t.Errorf("left behind: %v, %v", keys, err)
		}
	})
}

// Each right of a role is taken away once.
func TestRightThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		for _, namespace := range []string{"receipt", "acme"} {
			for _, role := range roles {
				all := words(role, namespace)
				if err := rights.Check(t.Context(), as(t, server, "all", all), role, namespace); err != nil {
					t.Errorf("%s in %s, with all rights: %v", role.User, namespace, err)
				}
				for _, command := range append(role.Commands(), "eval", "evalsha") {
					client := as(t, server, "no-"+command, without(all, "+"+command))
					wantMissing(t, rights.Check(t.Context(), client, role, namespace), strings.ToUpper(command), "")
				}
				written, read := role.Keys(namespace)
				for i, pattern := range append(slices.Clone(written), read...) {
					client := as(t, server, fmt.Sprint("no-key-", i), without(without(all, "~"+pattern), "%R~"+pattern))
					wantMissing(t, rights.Check(t.Context(), client, role, namespace), "", pattern)
				}
			}
		}
	})
}

// wantMissing sees that a command or the keys of a pattern are named, and nothing else.
func wantMissing(t *testing.T, err error, command, pattern string) {
	t.Helper()
	var missing *redisfault.RightsError
	if !errors.As(err, &missing) || !redisfault.Permanent(err) {
		t.Errorf("without %s%s: got %v", command, pattern, err)
		return
	}
	named := strings.Join(append(missing.Commands, missing.Keys...), " ")
	if named != command+pattern && (pattern == "" || !slices.Contains(missing.Keys, pattern)) || missing.Unknown != nil {
		t.Errorf("without %s%s: got %v", command, pattern, err)
	}
	advice := redisfault.Advice(err)
	if !strings.Contains(advice, "+"+strings.ToLower(command)) && !strings.Contains(advice, "~"+pattern) {
		t.Errorf("without %s%s: advice %q", command, pattern, advice)
	}
}

func TestCommandsThatWereRenamedAreNamed(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"EVALSHA", "EVAL", "RPOPLPUSH", "HSET"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			client := redistest.Start(t, "--rename-command", command, "").Client(t)
			err := rights.Check(t.Context(), client, rights.Worker, "receipt")
			if err == nil || err.Error() != "redis does not know "+command || !redisfault.Permanent(err) {
				t.Errorf("got %v", err)
			}
			if advice := redisfault.Advice(err); !strings.Contains(advice, "rename-command") {
				t.Errorf("advice %q", advice)
			}
		})
	}
}

func TestRightsInACluster(t *testing.T) {
	t.Parallel()
	masters := redistest.StartMasters(t, 3)
	var addrs []string
	for _, master := range masters {
		addrs = append(addrs, master.Addr)
		as(t, master, "all", words(rights.Worker, "receipt"))
		as(t, master, "few", without(without(words(rights.Worker, "receipt"), "+zadd"), "~asynq:workers*"))
	}
	for user, want := range map[string]string{
		"all": "<nil>",
		"few": "redis does not allow its user few to run ZADD and to access the keys asynq:workers*",
	} {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, Username: user, Password: "pw", DisableIdentity: true})
		defer client.Close()
		if err := rights.Check(t.Context(), client, rights.Worker, "receipt"); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v, want %s", user, err, want)
		}
	}
}

func TestRedisThatIsAwayLacksNoRight(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	server.Kill()
	if err := rights.Check(t.Context(), client, rights.Worker, "receipt"); err == nil || redisfault.Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestFullMemoryIsNoMissingRight(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory", "1")
	if err := rights.Check(t.Context(), server.Client(t), rights.Worker, "receipt"); err != nil {
		t.Errorf("got %v", err)
	}
}

// All keys are named where not even that of the trial may be accessed.
func TestKeysThatAreMissingAreAllNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, role := range roles {
		err := rights.Check(t.Context(), as(t, server, "keyless", []string{"reset", "on", ">pw", "+@all"}), role, "receipt")
		var missing *redisfault.RightsError
		written, read := role.Keys("receipt")
		if !errors.As(err, &missing) || len(missing.Keys) != len(written)+len(read) || missing.Commands != nil {
			t.Errorf("%s: got %v", role.User, err)
		}
	}
}

func TestRedisThatTakesNoWritesIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--min-replicas-to-write", "1")
	for _, role := range roles {
		err := rights.Check(t.Context(), server.Client(t), role, "receipt")
		if !rights.NoWrites(err) || redisfault.Permanent(err) {
			t.Errorf("%s: got %v", role.User, err)
		}
	}
	few := as(t, server, "few", without(words(rights.Producer, "receipt"), "+zadd"))
	wantMissing(t, rights.Check(t.Context(), few, rights.Producer, "receipt"), "ZADD", "")
}
