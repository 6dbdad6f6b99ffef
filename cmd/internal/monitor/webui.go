package monitor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/cmd/internal/monitor/login"
)

// mostTasks is how many tasks a page may ask for; Asynqmon's own page offers at most 100.
// Without a bound one request could make Redis read all of a queue.
const mostTasks = 200

// webUI is Asynqmon, mounted under [AsynqPath] behind what this site adds: a policy,
// bounds, the cancelling of what is deleted, and a log of changes.
type webUI struct {
	asynqmon http.Handler
	requests canceller
	policy   string
	// actions is whether the visitor may change something, allowed whether anyone may.
	actions, allowed bool
	log              *slog.Logger
}

// newWebUIs returns the web UI for those who may act, where the site allows it, and for
// those who only look: Asynqmon decides when it is made whether its page has buttons.
func newWebUIs(config Config) (http.Handler, error) {
	looking, err := newWebUI(config, false)
	if err != nil || !config.AllowActions {
		return looking, err
	}
	acting, err := newWebUI(config, true)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if login.VisitorOf(r.Context()).Role == login.Act {
			acting.ServeHTTP(w, r)
			return
		}
		looking.ServeHTTP(w, r)
	}), err
}

// newWebUI mounts Asynqmon and reads its page once, for the hashes of its scripts. Redis is
// not asked.
func newWebUI(config Config, actions bool) (*webUI, error) {
	u := &webUI{
		asynqmon: asynqmon.New(asynqmon.Options{
			RootPath:     AsynqPath,
			RedisConnOpt: shared{config.Redis},
			// Asynqmon then hides its buttons, and would itself refuse all but GET;
			// ServeHTTP says why.
			ReadOnly:         !actions,
			PayloadFormatter: asynqmon.PayloadFormatterFunc(payload),
			ResultFormatter:  asynqmon.ResultFormatterFunc(result),
		}),
		requests: canceller{config.Redis, config.Outcomes},
		actions:  actions, allowed: config.AllowActions, log: config.Log,
	}
	page, err := u.page()
	if err != nil {
		return nil, err
	}
	u.policy = asynqPolicy(page)
	return u, nil
}

// ServeHTTP shows the web UI. It refuses what changes something unless that is allowed
// (405), what changes a queue of another namespace (403), and pages that are too long
// (400).
func (u *webUI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", u.policy)
	// The names have a hash of the content, so a browser may keep the files for a year:
	// they are megabytes of scripts, and no secret.
	if strings.HasPrefix(r.URL.Path, AsynqPath+"/static/") {
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	foreign := u.requests.foreign(r)
	switch size, err := strconv.Atoi(r.URL.Query().Get("size")); {
	case !safe(r.Method) && !u.actions:
		w.Header().Set("Allow", "GET, HEAD")
		why := "this site only shows: start it with --allow-actions to change something"
		if u.allowed {
			why = "your role is look: a user of the role act may change something"
		}
		http.Error(w, why, http.StatusMethodNotAllowed)
	case foreign != nil:
		http.Error(w, foreign.Error(), http.StatusForbidden)
	case err == nil && (size < 1 || size > mostTasks):
		http.Error(w, fmt.Sprintf("size %d must be 1 to %d", size, mostTasks), http.StatusBadRequest)
	// Asynqmon would ask a Prometheus, of which it was told none.
	case r.URL.Path == AsynqPath+"/api/metrics":
		http.NotFound(w, r)
	default:
		u.serve(w, r)
	}
}

// serve hands a request to Asynqmon, and logs what changes something, with the address from
// which it came. What is deleted is cancelled first: the other way round, a failure in
// between would leave a request that is enqueued again.
func (u *webUI) serve(w http.ResponseWriter, r *http.Request) {
	if err := u.requests.cancel(r); err != nil {
		status := http.StatusBadGateway
		if errors.Is(err, errIDs) {
			status = http.StatusBadRequest
		}
		http.Error(w, fmt.Sprintf("%v: %v", errNotCancelled, err), status)
		return
	}
	answer := &blamed{ResponseWriter: w}
	u.asynqmon.ServeHTTP(answer, r)
	answer.end()
	if !safe(r.Method) {
		u.log.Info("changed in the Asynq web UI", "method", r.Method, "path", r.URL.Path,
			"user", login.VisitorOf(r.Context()).Name, "remote", r.RemoteAddr)
	}
}

// page returns the web UI's one page, as Asynqmon sends it to browsers.
func (u *webUI) page() ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, AsynqPath+"/", nil)
	if err != nil {
		return nil, err
	}
	kept := newKept()
	u.asynqmon.ServeHTTP(kept, r)
	if kept.status != http.StatusOK {
		return nil, fmt.Errorf("the Asynq web UI does not begin: %d %s", kept.status, kept.body.Bytes())
	}
	return kept.body.Bytes(), nil
}

// inlineScript finds the scripts in the page; those with a src are files and need no hash.
var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// asynqPolicy returns the content security policy of the web UI. Its page has scripts in
// it, which are allowed by their hashes, and makes styles while it runs. The hashes are
// made of the page that is served, so they fit every version of Asynqmon. Its page names
// fonts of fonts.googleapis.com, which the policy does not allow: no other site need know
// that a person watches, and the page is readable without.
func asynqPolicy(page []byte) string {
	scripts := "'self'"
	for _, found := range inlineScript.FindAllSubmatch(page, -1) {
		hash := sha256.Sum256(found[1])
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	}
	return "default-src 'none'; script-src " + scripts + "; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
		"img-src 'self' data:; font-src 'self' data:; manifest-src 'self'; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}

// shared hands the client of the site to Asynqmon, which would else open a connection of
// its own from a URL. It implements [asynq.RedisConnOpt].
type shared struct{ client redis.UniversalClient }

// MakeRedisClient returns the client. Asynqmon's Close, which would close it, is never
// called.
func (s shared) MakeRedisClient() any { return s.client }

// kept is an answer that is kept instead of sent, an [http.ResponseWriter] for
// [webUI.page].
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newKept() *kept { return &kept{header: make(http.Header), status: http.StatusOK} }

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
