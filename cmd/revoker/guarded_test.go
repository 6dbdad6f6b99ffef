package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
)

// usersFile is the list of rights that the runbook gives.
const usersFile = "../../deploy/redis/users.acl"

// guarded is a Redis that knows the users of the list, each with its own name
// for a password.
type guarded struct {
	admins []*redis.Client // one of each server, which may do everything
	url    string          // with USER for the user and the password
	files  map[string]string
}

// loadedList returns a copy of the list that redis-server reads at its start,
// with a user of the test's own.
func loadedList(t *testing.T) (file string) {
	t.Helper()
	list, err := os.ReadFile(usersFile)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(list)+"user test on nopass ~* &* +@all\n")
}

// startGuarded starts one server that is reached over TLS.
func startGuarded(t *testing.T) *guarded {
	t.Helper()
	certificates := redistest.NewCertificates(t)
	server, addr := certificates.TLS(t, "--appendonly", "yes", "--aclfile", loadedList(t))
	g := &guarded{url: "rediss://USER:USER@" + addr + "/1", files: map[string]string{
		"REDIS_CA_FILE": certificates.CA, "REDIS_CERT_FILE": certificates.Cert, "REDIS_KEY_FILE": certificates.Key,
	}}
	g.admit(t, server)
	return g
}

// startGuardedCluster starts three masters.
func startGuardedCluster(t *testing.T) *guarded {
	t.Helper()
	masters := redistest.StartMasters(t, 3, "--appendonly", "yes", "--aclfile", loadedList(t))
	g := &guarded{url: strings.Replace(redistest.ClusterURL(masters), "://", "://USER:USER@", 1)}
	g.admit(t, masters...)
	return g
}

// admit turns the users on.
func (g *guarded) admit(t *testing.T, servers ...*redistest.Server) {
	t.Helper()
	for _, server := range servers {
		admin := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "test", Password: "any"})
		t.Cleanup(func() { _ = admin.Close() })
		g.admins = append(g.admins, admin)
		for _, user := range g.users(t) {
			if err := admin.Do(t.Context(), "acl", "setuser", user, "on", ">"+user).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// users returns the names of the list's users.
func (g *guarded) users(t *testing.T) (names []string) {
	t.Helper()
	all, err := g.admins[0].Do(t.Context(), "acl", "users").StringSlice()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, "revoker-") })
}

// as returns the world in which commands are this user's.
func (g *guarded) as(w *world, user string) *world {
	variables := map[string]string{"REDIS_URL": strings.ReplaceAll(g.url, "USER", user)}
	maps.Copy(variables, g.files)
	return w.with(variables)
}

// denied returns what users were not allowed to do.
func (g *guarded) denied(t *testing.T) (denied []string) {
	t.Helper()
	for _, admin := range g.admins {
		entries, err := admin.ACLLog(t.Context(), 100).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			denied = append(denied, fmt.Sprintf("%s: %s %s (%s)", entry.Username, entry.Reason, entry.Object, entry.Context))
		}
	}
	return denied
}
