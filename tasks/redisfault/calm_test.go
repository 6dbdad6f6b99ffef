package redisfault_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"receiptrevoker/tasks/redisfault"
)

// What asks again at once, as Asynq's processors do, asks no more than five times a second,
// whatever goes wrong. After as many failed dials as it has connections, go-redis fails
// without dialling.
func TestNothingSpinsWhileRedisFails(t *testing.T) {
	t.Parallel()
	refuse := func() (net.Conn, error) { return nil, errors.New("connect: connection refused") }
	for name, dial := range map[string]func() (net.Conn, error){
		"refused": refuse, "WRONGTYPE": says("-WRONGTYPE Operation against a key\r\n"), "READONLY": says("-READONLY You can't\r\n"),
		"a code of the future": says("-NEWCODE cannot now\r\n"), "no answer": says(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const minute = 60 * time.Second
				if asked := failures(t, dial, minute); asked == 0 || asked > 300 {
					t.Errorf("asked %d times in a minute", asked)
				}
			})
		})
	}
}

// That nothing is there is no failure, and neither is a script that is not loaded.
func TestNothingThereIsNotHeldBack(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"nothing": "$-1\r\n", "NOSCRIPT": "-NOSCRIPT No matching script.\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := calm(says(answer))
				defer client.Close()
				client.Get(t.Context(), "key") // its connection has failed to say HELLO
				began := time.Now()
				if err := client.Get(t.Context(), "key").Err(); err == nil || time.Since(began) > 0 {
					t.Errorf("got %v after %v, want it at once", err, time.Since(began))
				}
			})
		})
	}
}

// failures returns how often a command fails that is repeated at once for so long.
func failures(t *testing.T, dial func() (net.Conn, error), during time.Duration) (count int) {
	t.Helper()
	client := calm(dial)
	defer func() {
		client.Close()
		time.Sleep(time.Minute) // of the bubble, in which go-redis sees that and ends its probes
	}()
	for end := time.Now().Add(during); time.Now().Before(end); count++ {
		if client.Get(t.Context(), "key").Err() == nil {
			t.Fatal("it does not fail")
		}
		if count > 1000 {
			break // it spins
		}
	}
	return count
}

// calm returns a client that dials so.
func calm(dial func() (net.Conn, error)) *redis.Client {
	client := redis.NewClient(&redis.Options{
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Addr:                     "127.0.0.1:1", PoolSize: 3, Protocol: 2, DisableIdentity: true,
		Dialer: func(context.Context, string, string) (net.Conn, error) { return dial() },
	})
	client.AddHook(redisfault.Calm{})
	return client
}

// says returns a dial to a server that answers every GET so; for an empty answer it
// hangs up.
func says(answer string) func() (net.Conn, error) {
	return func() (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			for in := bufio.NewReader(theirs); ; {
				line, err := in.ReadString('\n')
				if err != nil || answer == "" {
					return
				}
				switch line {
				case "hello\r\n":
					_, _ = in.ReadString('2')
					_, _ = in.ReadString('\n')
					_, _ = theirs.Write([]byte("-ERR unknown command 'hello'\r\n"))
				case "key\r\n":
					_, _ = theirs.Write([]byte(answer))
				}
			}
		}()
		return ours, nil
	}
}
