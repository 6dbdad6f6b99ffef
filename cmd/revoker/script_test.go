package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"receiptrevoker/bench/redistest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"revoker": main})
}

// TestScripts drives the program as people do: processes around a real Redis.
func TestScripts(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--databases", "100")
	locked := redistest.Start(t, "--requirepass", "right")
	var database atomic.Int32
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			simulator, err := freeAddress()
			if err != nil {
				return err
			}
			env.Setenv("REDIS_URL", fmt.Sprintf("redis://%s/%d", server.Addr, database.Add(1)))
			env.Setenv("REDIS_LOCKED", locked.Addr)
			env.Setenv("SIMULATOR", simulator)
			env.Setenv("IAMPORT_URL", "http://"+simulator)
			env.Setenv("IMP_KEY", "imp_apikey")
			env.Setenv("IMP_SECRET", "simulator-secret")
			env.Setenv("REVOKER_RETRY_BASE", "50ms")
			env.Setenv("REVOKER_RETRY_MAX", "200ms")
			env.Setenv("REVOKER_TIMEOUT", "2s")
			env.Setenv("REVOKER_HTTP", "off")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // by default, each command sleeps for a second
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"agree":   agree,
			"listen":  listen,
			"long":    long,
			"hash":    hash,
			"blocked": blocked,

			"archive":  archive,
			"pack":     pack,
			"cutshort": cutShort,

			"simulator": simulator,
			"until":     until,
			"redis":     command,
			"redis-cli": redisCLI,
		},
	})
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// listen waits until something listens at an address.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		connection, err := net.Dial("tcp", args[0])
		if err == nil {
			connection.Close()
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing listens at %s: %v", args[0], err)
		}
	}
}

// agree checks that every line of a report agrees with the truth of the
// simulator, and that there are as many as said.
func agree(ts *testscript.TestScript, _ bool, args []string) {
	response, err := http.Get("http://" + ts.Getenv("SIMULATOR") + "/_simulator/truth")
	ts.Check(err)
	defer response.Body.Close()
	revoked := make(map[string]bool)
	for decoder := json.NewDecoder(response.Body); decoder.More(); {
		var truth struct {
			ImpUID    string    `json:"imp_uid"`
			RevokedAt time.Time `json:"revoked_at"`
		}
		ts.Check(decoder.Decode(&truth))
		revoked[truth.ImpUID] = !truth.RevokedAt.IsZero()
	}
	records, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	if got := fmt.Sprint(len(records) - 1); got != args[1] {
		ts.Fatalf("%s has %s lines, want %s", args[0], got, args[1])
	}
	impUID, status := column(records[0], "imp_uid"), column(records[0], "status")
	for _, record := range records[1:] {
		if got, want := record[status] == "revoked", revoked[record[impUID]]; got != want {
			ts.Fatalf("%s is reported %s, but revoked at PortOne: %t", record[impUID], record[status], want)
		}
		if record[status] != "revoked" && record[status] != "dead" {
			ts.Fatalf("%s ended as %q", record[impUID], record[status])
		}
	}
}

func column(header []string, name string) int {
	for i, found := range header {
		if found == name {
			return i
		}
	}
	panic("no column " + name)
}

// long writes a list whose second line is 10 MB long.
func long(ts *testscript.TestScript, _ bool, args []string) {
	text := "imp_uid\n" + strings.Repeat("x", 10<<20) + "\nimp_100000000001\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// hash checks the fields of an imp_uid's outcome in Redis.
func hash(ts *testscript.TestScript, _ bool, args []string) {
	options, err := redis.ParseURL(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	client := redis.NewClient(options)
	defer client.Close()
	values, err := client.HGetAll(context.Background(), "{receipt}:outcome:"+args[0]).Result()
	ts.Check(err)
	for _, pair := range args[1:] {
		name, want, _ := strings.Cut(pair, "=")
		if got, ok := values[name]; !ok || want != "" && got != want {
			ts.Check(errors.New(args[0] + ": field " + name + " is " + got + ", want " + want))
		}
	}
}
