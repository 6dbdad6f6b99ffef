package redisfault_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/redisfault"
)

// The wordings are those of servers 6.2.16, 7.0.15 and 8.0.1 (Valkey).
func TestFaultIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	const in7 = " script: 2067d915, on @user_script:197."
	const in62, own62 = "ERR Error running script (call to f_2067d915): @user_script:197: ", "@user_script: 197: -"
	const readonly, oom = "READONLY You can't write against a read only replica.", "OOM command not allowed when used memory"
	const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	tests := map[string]struct {
		text string
		want redisfault.Fault
		kind string
	}{
		"READONLY":            {readonly, redisfault.ReadOnly, ""},
		"READONLY, script 7":  {readonly + in7, redisfault.ReadOnly, ""},
		"READONLY, 6.2":       {in62 + own62 + readonly + " ", redisfault.ReadOnly, ""},
		"MISCONF, 6.2":        {in62 + own62 + "MISCONF Redis is configured to save RDB snapshots", redisfault.Misconf, ""},
		"OOM, 6.2":            {in62 + own62 + oom, redisfault.OOM, ""},
		"OOM of Asynq":        {"INTERNAL_ERROR: redis eval error: " + oom, redisfault.OOM, ""},
		"OOM of EXEC":         {"EXECABORT Transaction discarded because of: " + oom, redisfault.OOM, ""},
		"BUSY":                {"BUSY Redis is busy running a script.", redisfault.Busy, ""},
		"LOADING":             {"LOADING Redis is loading the dataset in memory", redisfault.Loading, ""},
		"MASTERDOWN":          {"MASTERDOWN Link with MASTER is down", redisfault.MasterDown, ""},
		"CLUSTERDOWN":         {"CLUSTERDOWN Hash slot not served", redisfault.ClusterDown, ""},
		"NOREPLICAS":          {"NOREPLICAS Not enough good replicas to write.", redisfault.NoReplicas, ""},
		"NOAUTH":              {"NOAUTH Authentication required.", redisfault.NoAuth, "permanent"},
		"WRONGPASS":           {"WRONGPASS invalid username-password pair", redisfault.WrongPass, "permanent"},
		"TRYAGAIN":            {"TRYAGAIN Multiple keys request during rehashing of slot", redisfault.TryAgain, ""},
		"NOPERM":              {"NOPERM this user has no permissions to run the 'set' command", redisfault.NoPerm, "permanent"},
		"NOPERM, script":      {"ERR The user executing the script can't run this command" + in7, redisfault.NoPerm, "permanent"},
		"NOPERM, 6.2":         {in62 + "@user_script: 197: The user executing the script can't access", redisfault.NoPerm, "permanent"},
		"NOPERM, Valkey":      {"ERR ACL failure in script: User few has no permissions" + in7, redisfault.NoPerm, "permanent"},
		"READONLY, a proxy's": {"ERR " + readonly, redisfault.ReadOnly, ""},
		"MOVED":               {"MOVED 3999 127.0.0.1:6381", redisfault.Moved, "permanent"},
		"MOVED, script":       {"MOVED 3999 127.0.0.1:6381" + in7, redisfault.Moved, "permanent"},
		"protected mode":      {"DENIED Redis is running in protected mode because", redisfault.Denied, "permanent"},
		"no Cluster":          {"ERR This instance has cluster support disabled", redisfault.NoCluster, "permanent"},
		"too many clients":    {"ERR max number of clients reached", redisfault.MaxClients, ""},
		"unknown command":     {"ERR unknown command 'evalsha', with args beginning with: 'x'", redisfault.UnknownCommand, "permanent"},
		"unknown, Valkey":     {"ERR unknown command 'evalsha'", redisfault.UnknownCommand, "permanent"},
		"unknown subcommand":  {"ERR Unknown subcommand or wrong number of arguments for 'slots'", redisfault.UnknownCommand, "permanent"},
		"unknown in script":   {"ERR Unknown Redis command called from script" + in7, redisfault.UnknownCommand, "permanent"},
		"WRONGTYPE":           {wrongType, redisfault.WrongType, "corrupt"},
		"WRONGTYPE, script 7": {wrongType + in7, redisfault.WrongType, "corrupt"},
		"WRONGTYPE, 6.2":      {in62 + wrongType, redisfault.WrongType, "corrupt"},
		"no such database":    {"ERR DB index is out of range", redisfault.NoDatabase, "permanent"},
		"no number":           {"ERR user_script:23: attempt to compare nil with number" + in7, "", "corrupt"},
		"no number, 6.2":      {in62 + "user_script:23: attempt to compare nil with number", "", "corrupt"},
		"no integer":          {"ERR hash value is not an integer" + in7, "", "corrupt"},
		"code of the future":  {"NEWCODE cannot now" + in7, "", ""},
		"another code":        {"BUSYGROUP Consumer Group name already exists", "", ""},
		"script is unknown":   {"NOSCRIPT No matching script. Please use EVAL.", "", ""},
		"an imp_uid":          {"begin the attempt on OOM: ERR value is not an integer", "", ""},
		"no error of Redis":   {"dial tcp 127.0.0.1:1: connect: connection refused", "", ""},
		"nothing there":       {"redis: nil", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bare := errors.New(test.text)
			for _, err := range []error{bare, fmt.Errorf("finish the attempt on imp_1: %w", bare)} {
				if got := redisfault.Of(err); got != test.want {
					t.Errorf("%v: got %q, want %q", err, got, test.want)
				}
				permanent, corrupt := redisfault.Permanent(err), redisfault.Corrupt(err)
				if permanent != (test.kind == "permanent") || corrupt != (test.kind == "corrupt") {
					t.Errorf("%v: permanent %t, corrupt %t; want %q", err, permanent, corrupt, test.kind)
				}
				if told := redisfault.Advice(err) != ""; told != (test.want != "" && test.want != redisfault.TryAgain) {
					t.Errorf("%v: advice %q", err, redisfault.Advice(err))
				}
			}
		})
	}
	if redisfault.Of(nil) != "" || redisfault.Permanent(nil) || redisfault.Corrupt(nil) || redisfault.Advice(nil) != "" {
		t.Error("no error is taken for a fault")
	}
}

// What servers say, by itself and in a script, in their own words and in those of 6.2.
func TestServersSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		admin := server.Client(t)
		do := func(words ...any) {
			t.Helper()
			if err := admin.Do(t.Context(), words...).Err(); err != nil {
				t.Fatalf("%v: %v", words, err)
			}
		}
		do("set", "text", "x")
		do("acl", "setuser", "few", "on", ">pw", "~*", "+eval", "+select")
		few := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "few", Password: "pw", DisableIdentity: true})
		defer few.Close()
		write := "return redis.call('HSET', 'key', 'a', '1')"
		for _, client := range []*redis.Client{admin, server.Client62(t)} {
			want := func(want redisfault.Fault, corrupt bool, err error) {
				t.Helper()
				if redisfault.Of(err) != want || redisfault.Corrupt(err) != corrupt {
					t.Errorf("%v: got %q, corrupt %t", err, redisfault.Of(err), redisfault.Corrupt(err))
				}
			}
			want(redisfault.WrongType, true, client.HGetAll(t.Context(), "text").Err())
			want(redisfault.WrongType, true, client.Eval(t.Context(), "return redis.call('HGET', 'text', 'a')", nil).Err())
			want("", true, client.Eval(t.Context(), "return tonumber('x') > 1", nil).Err())
			want("", true, client.Eval(t.Context(), "return redis.call('INCR', 'text')", nil).Err())
			do("config", "set", "maxmemory", "1")
			want(redisfault.OOM, false, client.Eval(t.Context(), write, nil).Err())
			do("config", "set", "maxmemory", "0")
			do("replicaof", "127.0.0.1", "1")
			want(redisfault.ReadOnly, false, client.Eval(t.Context(), write, nil).Err())
			do("replicaof", "no", "one")
		}
		if err := few.Eval(t.Context(), write, nil).Err(); redisfault.Of(err) != redisfault.NoPerm {
			t.Errorf("%v: got %q", err, redisfault.Of(err))
		}
	})
}

// The wordings are those of servers 6.2.16, 7.0.15 and 8.0.1 (Valkey).
func TestRefusedCommandIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"NOPERM this user has no permissions to run the 'zrevrange' command":                                       "redis does not allow its user few to run ZREVRANGE",
		"NOPERM this user has no permissions to run the 'config|get' command or its subcommand":                    "redis does not allow its user few to run CONFIG|GET",
		"NOPERM User few has no permissions to run the 'ping' command":                                             "redis does not allow its user few to run PING",
		"ERR ACL failure in script: User few has no permissions to run the 'hset' command script: 2067d915, on @u": "redis does not allow its user few to run HSET",
		"ERR unknown command 'evalsha', with args beginning with: 'x'":                                             "redis does not know EVALSHA",
		"ERR unknown command `evalsha`, with args beginning with: `x`":                                             "redis does not know EVALSHA",
		"ERR The user executing the script can't run this command or subcommand script: 2067d915, on @u":           "",
		"NOPERM this user has no permissions to access one of the keys used as arguments":                          "",
		"ERR Unknown Redis command called from script script: 2067d915, on @user_script:2.":                        "",
		"OOM command not allowed when used memory > 'maxmemory'.":                                                  "",
	} {
		refused := redisfault.Refused(fmt.Errorf("do it: %w", errors.New(text)), "few")
		if refused == nil && want == "" {
			continue
		}
		if refused == nil || refused.Error() != want || redisfault.Advice(refused) == "" {
			t.Errorf("%s: got %v, want %q", text, refused, want)
		}
	}
	if refused := redisfault.Refused(nil, "few"); refused != nil {
		t.Errorf("of no error: %v", refused)
	}
}

// A Redis that does not answer, and a host that nobody knows, have advice of their own.
func TestAdviceWhereNoAnswerComes(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ping := func(addr string) error {
		client := redis.NewClient(&redis.Options{Addr: addr, ReadTimeout: 50 * time.Millisecond, MaxRetries: -1})
		defer client.Close()
		return client.Ping(t.Context()).Err()
	}
	unknown := &net.DNSError{Err: "no such host", Name: "redis.invalid", IsNotFound: true}
	for want, err := range map[string]error{
		"see whether redis-cli PING answers":                     ping(silent.Addr().String()),
		"start Redis, or make the Redis URL name":                ping("127.0.0.1:1"),
		"make the Redis URL name a host that is known here":      &net.OpError{Op: "dial", Net: "tcp", Err: unknown},
		"start Redis, make the Redis URL name its host and port": &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded},
	} {
		if advice := redisfault.Advice(err); !strings.HasPrefix(advice, want) {
			t.Errorf("%v: advice %q, want %q", err, advice, want)
		}
	}
}
