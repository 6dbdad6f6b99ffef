package deploy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
)

// twice writes two keys in one transaction.
var twice = redis.NewScript(`
redis.call('SET', KEYS[1] .. ':one', 'a value that is long enough to be cut')
redis.call('SET', KEYS[1] .. ':two', 'a value that is long enough to be cut')`)

// killed is a Redis with an append-only file, and what it has confirmed.
type killed struct {
	*redistest.Server
	client *redis.Client
	files  string
	wrote  []string
}

// write lets a script write under a name, which Redis confirms.
func (k *killed) write(t *testing.T, name string) {
	t.Helper()
	if err := twice.Run(t.Context(), k.client, []string{name}).Err(); err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	k.wrote = append(k.wrote, name)
}

// file returns the path of the append-only file that is written to.
func (k *killed) file(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(k.files, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no append-only file in %s: %v", k.files, err)
	}
	return files[len(files)-1]
}

// restart kills Redis, does something to its file, and starts it again.
func (k *killed) restart(t *testing.T, change func(kept []byte) []byte) error {
	t.Helper()
	k.Kill()
	kept, err := os.ReadFile(k.file(t))
	if err == nil {
		err = os.WriteFile(k.file(t), change(kept), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k.Up()
}

func untouched(kept []byte) []byte { return kept }

func onDisk(t *testing.T, test func(t *testing.T, k *killed)) {
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		client := server.Client(t)
		test(t, &killed{Server: server, client: client, files: client.ConfigGet(t.Context(), "dir").Val()["dir"]})
	}, "--appendonly", "yes", "--appendfsync", "always")
}

// A transaction is there as a whole or not at all, wherever Redis was killed in it, and
// what is confirmed after it stays.
func TestRedisIsKilledInATransaction(t *testing.T) {
	t.Parallel()
	onDisk(t, func(t *testing.T, k *killed) {
		for part := range 8 {
			k.write(t, fmt.Sprint("before:", part))
			k.write(t, fmt.Sprint("cut:", part))
			k.wrote = k.wrote[:len(k.wrote)-1]
			cut := func(kept []byte) []byte {
				begin := bytes.LastIndex(bytes.ToUpper(kept), []byte("*1\r\n$5\r\nMULTI"))
				return kept[:begin+1+(len(kept)-begin-2)*part/7]
			}
			if err := k.restart(t, cut); err != nil {
				t.Fatal(err)
			}
			k.write(t, fmt.Sprint("after:", part))
			if err := k.restart(t, untouched); err != nil {
				t.Fatal(err)
			}
			for _, name := range k.wrote {
				if there := k.client.Exists(t.Context(), name+":one", name+":two").Val(); there != 2 {
					t.Errorf("part %d: %d of the 2 keys of %s, which Redis confirmed", part, there, name)
				}
			}
			if there := k.client.Exists(t.Context(), fmt.Sprintf("cut:%d:one", part), fmt.Sprintf("cut:%d:two", part)).Val(); there != 0 {
				t.Errorf("part %d: %d of the 2 keys of a transaction that was not finished", part, there)
			}
		}
	})
}

// Nothing is taken off a file that is damaged elsewhere: Redis refuses it, and a person
// decides.
func TestDamagedFileIsLeft(t *testing.T) {
	t.Parallel()
	onDisk(t, func(t *testing.T, k *killed) {
		k.write(t, "one")
		k.write(t, "two")
		var damaged []byte
		err := k.restart(t, func(kept []byte) []byte {
			damaged = bytes.Replace(kept, []byte("one:two"), []byte("one:"), 1)
			return damaged
		})
		if err == nil {
			t.Error("Redis started")
		}
		kept, err := os.ReadFile(k.file(t))
		if err != nil || !bytes.Equal(kept, damaged) {
			t.Errorf("the file has %d bytes of %d: %v", len(kept), len(damaged), err)
		}
	})
}
