package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// promptly is how soon a command says that its Redis cannot be used. It takes less than
// two seconds; the rest is for a busy machine, and far below the half minute of a retry.
const promptly = 5 * time.Second

// useless is a Redis that cannot be used, and what is said about it.
type useless struct {
	url         string
	environment map[string]string // beside REDIS_URL
	says        string
	advice      string
	passes      bool // so that 'work' waits
}

// TestUselessRedisIsNamedAtOnce gives every kind of command each kind of Redis that
// cannot be used.
func TestUselessRedisIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) useless{
		"node of a Cluster":            clusterNode,
		"Sentinel":                     aSentinel,
		"replica":                      aReplica,
		"HELLO renamed":                renamedHello,
		"unknown master":               unknownMaster,
		"Sentinels' password":          guardedSentinel,
		"no Sentinel":                  noSentinel,
		"no Cluster":                   noCluster,
		"no such database":             noDatabase,
		"an HTTP server":               httpServer,
		"no TLS, TLS there":            tlsAlone,
		"TLS, none there":              noTLS,
		"TLS, no Sentinel's":           noSentinelTLS,
		"TLS, none in the Cluster":     noClusterTLS,
		"unknown authority":            unknownAuthority,
		"no certificate is shown":      noCertificate,
		"wrong password":               wrongPassword,
		"no password":                  noPassword,
		"reading its files":            loading,
		"busy with a script":           busy,
		"as many clients as there may": full,
		"no socket":                    noSocket,
		"nothing listens":              nothingListens,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := start(t)
			w := newWorld(t, is.url, iamporttest.Config{}).with(is.environment)
			list := write(t, "imp_uid\nimp_000000000001\n")
			for _, command := range [][]string{
				{"bulk", list},
				{"enqueue", "imp_000000000001"},
				{"status", "imp_000000000001"},
				{"queue", "list"},
				{"monitor", "--listen", "127.0.0.1:0"},
				{"doctor"},
				{"work"},
			} {
				is.tellsOf(t, w, command)
			}
		})
	}
}

// tellsOf runs a command that must end by itself, but for a worker that waits.
func (u useless) tellsOf(t *testing.T, w *world, command []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), promptly)
	defer cancel()
	began := time.Now()
	var code int
	var said string
	if waits := u.passes && command[0] == "work"; waits {
		said = waiting(ctx, w, u.says)
	} else {
		var stdout, stderr string
		code, stdout, stderr = w.run(ctx, command...)
		said = stdout + stderr
		if code != exitFailed || ctx.Err() != nil {
			t.Errorf("revoker %v: exit code %d after %v", command, code, time.Since(began))
		}
	}
	if !strings.Contains(said, u.says) || !strings.Contains(said, u.advice) {
		t.Errorf("revoker %v: it does not say %q and %q:\n%s", command, u.says, u.advice, said)
	}
	t.Logf("%v: %v: %s", command[0], time.Since(began).Round(time.Millisecond), said)
}

// waiting returns the log of a worker once it has the text, or when ctx is done.
func waiting(ctx context.Context, w *world, text string) string {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := &buffer{}
	p := program{stdout: log, stderr: log, getenv: func(name string) string { return w.environment[name] }}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.run(ctx, []string{"work"})
	}()
	for ctx.Err() == nil && !strings.Contains(log.String(), text) {
		_ = wait.For(ctx, 5*time.Millisecond)
	}
	cancel()
	<-ended
	return log.String()
}

func clusterNode(t *testing.T) useless {
	node := redistest.StartMasters(t, 1)[0]
	return useless{url: node.URL(), says: node.Addr + " is a node of a Redis Cluster", advice: "redis-cluster://"}
}

func aSentinel(t *testing.T) useless {
	addr := redistest.StartSentinels(t, redistest.Start(t), 1, 0).Addrs[0]
	return useless{url: "redis://" + addr, says: addr + " is a Sentinel", advice: "redis-sentinel://" + addr}
}

func aReplica(t *testing.T) useless {
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	return useless{url: replica.URL(), says: replica.Addr + " is a replica of " + master.Addr, advice: "point the Redis URL at the master"}
}

func renamedHello(t *testing.T) useless {
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master, "--rename-command", "HELLO", "GOODDAY")
	return useless{url: replica.URL(), says: replica.Addr + " is a replica of " + master.Addr, advice: "point the Redis URL at the master"}
}

func unknownMaster(t *testing.T) useless {
	sentinels := redistest.StartSentinels(t, redistest.Start(t), 1, 0)
	return useless{
		url:  strings.Replace(sentinels.URL(), redistest.MasterName, "other", 1),
		says: sentinels.Addrs[0] + " is a Sentinel that knows no master named other", advice: "as the Sentinels do: " + redistest.MasterName,
	}
}

func guardedSentinel(t *testing.T) useless {
	sentinels := redistest.StartSentinels(t, redistest.Start(t), 1, 0)
	admin := redis.NewClient(&redis.Options{Addr: sentinels.Addrs[0]})
	defer admin.Close()
	do(t, admin, "acl", "setuser", "default", ">secret", "resetpass", ">secret")
	return useless{
		url:  sentinels.URL(),
		says: sentinels.Addrs[0] + " is a Sentinel that refuses its user or password", advice: "sentinel_password",
	}
}

func noSentinel(t *testing.T) useless {
	server := redistest.Start(t)
	return useless{
		url:  "redis-sentinel://" + server.Addr + "/0?master=mymaster",
		says: server.Addr + " is no Sentinel", advice: "begin the Redis URL with redis://",
	}
}

func noCluster(t *testing.T) useless {
	return useless{
		url:  "redis-cluster://" + redistest.Start(t).Addr,
		says: "redis is no node of a Cluster", advice: "begin the Redis URL with redis://",
	}
}

func noDatabase(t *testing.T) useless {
	url := "redis://" + redistest.Start(t).Addr + "/99"
	return useless{url: url, says: "redis has no database of the number in REDIS_URL", advice: "such as /0"}
}

func httpServer(t *testing.T) useless {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	return useless{url: "redis://" + addr, says: addr + " is an HTTP server and no Redis", advice: "Redis' own port"}
}

func tlsAlone(t *testing.T) useless {
	_, addr := redistest.NewCertificates(t).TLS(t)
	return useless{url: "redis://" + addr, says: addr + " speaks TLS alone", advice: "rediss://"}
}

func noTLS(t *testing.T) useless {
	server := redistest.Start(t)
	return useless{url: "rediss://" + server.Addr, says: server.Addr + " speaks no TLS", advice: "redis://"}
}

func noSentinelTLS(t *testing.T) useless {
	sentinels := redistest.StartSentinels(t, redistest.Start(t), 1, 0)
	return useless{
		url:  strings.Replace(sentinels.URL(), "redis-", "rediss-", 1),
		says: sentinels.Addrs[0] + " speaks no TLS", advice: "redis-sentinel://",
	}
}

func noClusterTLS(t *testing.T) useless {
	node := redistest.StartMasters(t, 1)[0]
	return useless{url: "rediss-cluster://" + node.Addr, says: node.Addr + " speaks no TLS", advice: "redis-cluster://"}
}

func unknownAuthority(t *testing.T) useless {
	_, addr := redistest.NewCertificates(t).TLS(t)
	return useless{url: "rediss://" + addr, says: "no encrypted connection to Redis: tls: failed to verify", advice: "--redis-ca"}
}

func noCertificate(t *testing.T) useless {
	certificates := redistest.NewCertificates(t)
	_, addr := certificates.TLS(t)
	return useless{
		url: "rediss://" + addr, environment: map[string]string{"REDIS_CA_FILE": certificates.CA},
		says: "no encrypted connection to Redis: ", advice: "--redis-cert and --redis-key",
	}
}

func wrongPassword(t *testing.T) useless {
	server := redistest.Start(t, "--requirepass", "secret")
	return useless{url: "redis://:other@" + server.Addr, says: "redis refuses the user or password in REDIS_URL: WRONGPASS", advice: "%XX"}
}

func noPassword(t *testing.T) useless {
	server := redistest.Start(t, "--requirepass", "secret")
	return useless{url: server.URL(), says: "redis refuses the user or password in REDIS_URL: NOAUTH", advice: "redis://user:password@"}
}

// loading restarts a server that takes half a minute to read its file, and looks at its
// clients meanwhile.
func loading(t *testing.T) useless {
	server := redistest.Start(t, "--loading-process-events-interval-bytes", "1024", "--key-load-delay", "30000")
	admin := server.Client(t)
	for key := range 1000 {
		do(t, admin, "set", fmt.Sprint(key), fmt.Sprintf("%01000d", key), "ex", "1000")
	}
	do(t, admin, "config", "set", "rdbcompression", "no")
	do(t, admin, "save")
	server.Kill()
	up := make(chan error, 1)
	go func() { up <- server.Up() }() // which waits for the file
	t.Cleanup(func() {
		server.Kill()
		<-up
	})
	redistest.Eventually(t, promptly, "the server reads its file", func() bool {
		err := admin.Ping(t.Context()).Err()
		return err != nil && strings.HasPrefix(err.Error(), "LOADING ")
	})
	return useless{url: server.URL(), says: "redis is still reading its data from its disk: LOADING", advice: "this passes", passes: true}
}

func busy(t *testing.T) useless {
	server := redistest.Start(t, "--lua-time-limit", "10")
	admin := server.Client(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		endless := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: -1, MaxRetries: -1})
		defer endless.Close()
		_ = endless.Eval(context.WithoutCancel(t.Context()), "while true do end", nil).Err()
	}()
	t.Cleanup(func() {
		_ = admin.ScriptKill(context.WithoutCancel(t.Context())).Err()
		<-ended
	})
	redistest.Eventually(t, promptly, "the server is busy", func() bool {
		err := admin.Ping(t.Context()).Err()
		return err != nil && strings.HasPrefix(err.Error(), "BUSY ")
	})
	return useless{url: server.URL(), says: "redis is busy with a script: BUSY", advice: "SCRIPT KILL", passes: true}
}

func full(t *testing.T) useless {
	server := redistest.Start(t)
	do(t, server.Client(t), "config", "set", "maxclients", "1")
	return useless{url: server.URL(), says: "redis accepts no more connections: ERR max number of clients reached", advice: "raise Redis' maxclients", passes: true}
}

func noSocket(t *testing.T) useless {
	path := filepath.Join(t.TempDir(), "redis.sock")
	return useless{
		url: "redis-socket://" + path, says: "redis does not answer: dial unix " + path,
		advice: "the file of Redis' setting unixsocket", passes: true,
	}
}

func nothingListens(*testing.T) useless {
	return useless{
		url: "redis://127.0.0.1:1", says: "redis does not answer: dial tcp 127.0.0.1:1",
		advice: "start Redis, or make the Redis URL name the host and port", passes: true,
	}
}

// TestRedisThatCannotSaveIsReadAndNotWritten fills no disk: a folder has the name of the file
// that Redis would write.
func TestRedisThatCannotSaveIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	w := newWorld(t, server.URL(), iamporttest.Config{})
	list := write(t, "imp_uid\nimp_000000000001\n")
	w.expect(t, exitDone, "bulk", list, "--batch", "b", "--yes")
	if err := os.Mkdir(filepath.Join(admin.ConfigGet(t.Context(), "dir").Val()["dir"], "dump.rdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	do(t, admin, "config", "set", "save", "3600 1")
	do(t, admin, "bgsave")
	redistest.Eventually(t, promptly, "it takes no writes", func() bool {
		err := admin.Set(t.Context(), "key", "value", 0).Err()
		return err != nil && strings.HasPrefix(err.Error(), "MISCONF ")
	})
	for _, command := range [][]string{
		{"status", "imp_000000000001"}, {"batch", "list"}, {"batch", "show", "b"}, {"queue", "list"}, {"dead", "list"}, {"outcomes"},
	} {
		if code, _, stderr := w.run(t.Context(), command...); code == exitFailed || strings.Contains(stderr, "MISCONF") {
			t.Errorf("revoker %v: exit code %d: %s", command, code, stderr)
		}
	}
	is := useless{says: "MISCONF", advice: "make room on Redis' disk"}
	for _, command := range [][]string{
		{"bulk", list},
		{"bulk", list, "--dry-run"},
		{"enqueue", "imp_000000000002"},
		{"cancel", "imp_000000000001"},
		{"batch", "cancel", "b", "--yes"},
		{"queue", "pause", "--all"},
		{"doctor"},
	} {
		is.tellsOf(t, w, command)
	}
}

func do(t *testing.T, client *redis.Client, words ...any) {
	t.Helper()
	if err := client.Do(t.Context(), words...).Err(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
}
