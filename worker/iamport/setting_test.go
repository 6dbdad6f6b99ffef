package iamport_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport"
)

func TestNewClientNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const key, secret, user = "key-5b1d", "secret-77af", "user-90aa"
	url := func(address string) iamport.Config { return iamport.Config{URL: address, Key: key, Secret: secret} }
	const credentials = "iamport: key and secret are both required"
	const address = "iamport: the API's address must be an http(s) URL such as https://api.iamport.kr"
	const bare = "iamport: the API's address must not hold a user, a query or a fragment"
	tests := []struct {
		name   string
		config iamport.Config
		want   string
	}{
		{"no key", iamport.Config{Secret: secret}, credentials},
		{"no secret", iamport.Config{Key: key}, credentials},
		{"neither", iamport.Config{}, credentials},
		{"URL without a scheme", url("api.iamport.kr"), address},
		{"URL without a host", url("https://"), address},
		{"URL of another scheme", url("ftp://" + user + ":" + secret + "@api.iamport.kr"), address},
		{"URL unreadable", url("http://" + user + ":" + secret + "@[::1"), address},
		{"URL with a control character", url("http://" + secret + "\n.example"), address},
		{"URL with a user", url("https://" + user + "@api.iamport.kr"), bare},
		{"URL with a password", url("https://" + user + ":" + secret + "@api.iamport.kr"), bare},
		{"URL with a query", url("https://api.iamport.kr/?imp_secret=" + secret), bare},
		{"URL with an empty query", url("https://api.iamport.kr?"), bare},
		{"URL with a fragment", url("https://api.iamport.kr/#" + secret), bare},
		{"URL with an empty fragment", url("https://api.iamport.kr/#"), bare},
		{
			"tier too short",
			iamport.Config{Key: key, Secret: secret, Tier: "AB"},
			`iamport: tier "AB" must be three upper-case letters or digits`,
		},
		{
			"tier too long",
			iamport.Config{Key: key, Secret: secret, Tier: "ABCD"},
			`iamport: tier "ABCD" must be three upper-case letters or digits`,
		},
		{
			"tier in lower case",
			iamport.Config{Key: key, Secret: secret, Tier: "abc"},
			`iamport: tier "abc" must be three upper-case letters or digits`,
		},
		{
			"tier with a line break",
			iamport.Config{Key: key, Secret: secret, Tier: "ABC\n"},
			`iamport: tier "ABC\n" must be three upper-case letters or digits`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, err := iamport.NewClient(test.config)
			if err == nil || client != nil {
				t.Fatalf("got client %v, error %v, want an error alone", client, err)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, hidden := range []string{key, secret, user} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("%q stands in %q", hidden, err)
				}
			}
		})
	}
}

func TestNewClientAccepts(t *testing.T) {
	t.Parallel()
	for _, config := range []iamport.Config{
		{},
		{URL: "https://static-api.iamport.kr"},
		{URL: "http://127.0.0.1:8080/v1/"},
		{Tier: "A0Z"},
	} {
		config.Key, config.Secret = "key", "secret"
		if client, err := iamport.NewClient(config); client == nil || err != nil {
			t.Errorf("%+v: got client %v, error %v, want a client", config, client, err)
		}
	}
}

func TestInvalidImpUIDMakesNoCall(t *testing.T) {
	t.Parallel()
	client := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("got call %s %s, want none", r.Method, r.URL)
	}), iamport.Config{})
	for _, impUID := range []string{
		"", ".", "..", "external/x", "external%2Fx", "../users", "a b", "imp_1?x=1", "imp_1#", "imp_1\n", "imp_é",
		strings.Repeat("a", 33),
	} {
		for op, call := range calls {
			got, err := call(client, t.Context(), impUID)
			if !errors.Is(err, tasks.ErrInvalid) || got != (iamport.Receipt{}) {
				t.Fatalf("%s %q: got %+v, error %v, want one that matches tasks.ErrInvalid", op, impUID, got, err)
			}
			if got := failure(t, err); got.Op != op || got.Status != 0 || got.Sent {
				t.Errorf("%s %q: got %+v, want a call that was not made", op, impUID, got)
			}
		}
	}
}

func TestLongestImpUIDIsCalled(t *testing.T) {
	t.Parallel()
	longest := "imps_" + strings.Repeat("9", 25) + "-Z"
	client := serve(t, answering(func(w http.ResponseWriter, r *http.Request) {
		saying(200, `{"code":0,"response":{"imp_uid":"`+r.PathValue("imp_uid")+`"}}`)(w, r)
	}), iamport.Config{})
	for op, call := range calls {
		if got, err := call(client, t.Context(), longest); err != nil || got.ImpUID != longest {
			t.Errorf("%s: got %+v, error %v, want a receipt of %s", op, got, err, longest)
		}
	}
}
