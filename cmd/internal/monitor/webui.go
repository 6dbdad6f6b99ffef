package monitor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// mostTasks is how many tasks a page may ask for; Asynqmon's offer at most 100.
const mostTasks = 200

// webUI is Asynqmon, mounted.
type webUI struct {
	asynqmon http.Handler
	requests canceller
	policy   string
	actions  bool
	log      *slog.Logger
}

func newWebUI(config Config) (*webUI, error) {
	u := &webUI{
		asynqmon: asynqmon.New(asynqmon.Options{
			RootPath:         AsynqPath,
			RedisConnOpt:     shared{config.Redis},
			ReadOnly:         !config.AllowActions,
			PayloadFormatter: asynqmon.PayloadFormatterFunc(payload),
			ResultFormatter:  asynqmon.ResultFormatterFunc(result),
		}),
		requests: canceller{config.Redis, config.Outcomes},
		actions:  config.AllowActions, log: config.Log,
	}
	page, err := u.page()
	if err != nil {
		return nil, err
	}
	u.policy = asynqPolicy(page)
	return u, nil
}

// ServeHTTP shows the web UI, and refuses what changes something unless that
// is allowed.
func (u *webUI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", u.policy)
	if strings.HasPrefix(r.URL.Path, AsynqPath+"/static/") { // named for what they contain
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	foreign := u.requests.foreign(r)
	switch size, err := strconv.Atoi(r.URL.Query().Get("size")); {
	case !safe(r.Method) && !u.actions:
		w.Header().Set("Allow", "GET, HEAD")
		const why = "this site only shows: start it with --allow-actions to change something"
		http.Error(w, why, http.StatusMethodNotAllowed)
	case foreign != nil:
		http.Error(w, foreign.Error(), http.StatusForbidden)
	case err == nil && (size < 1 || size > mostTasks):
		http.Error(w, fmt.Sprintf("size %d must be 1 to %d", size, mostTasks), http.StatusBadRequest)
	default:
		u.serve(w, r)
	}
}

// serve passes a request on, and writes down what changes something. What is deleted is
// cancelled first.
func (u *webUI) serve(w http.ResponseWriter, r *http.Request) {
	if err := u.requests.cancel(r); err != nil {
		http.Error(w, fmt.Sprintf("%v: %v", errNotCancelled, err), http.StatusBadGateway)
		return
	}
	u.asynqmon.ServeHTTP(w, r)
	if !safe(r.Method) {
		u.log.Info("changed in the Asynq web UI", "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr)
	}
}

// page returns the web UI's one page.
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

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// asynqPolicy returns the content security policy of the web UI. Its page has
// scripts in it, which are allowed by their hashes, and makes styles as it
// goes. The fonts that it asks another site for it does not get: no other site
// need know that a person watches.
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

// shared hands a connection that is open already to Asynqmon.
type shared struct{ client redis.UniversalClient }

// MakeRedisClient returns the connection.
func (s shared) MakeRedisClient() any { return s.client }

// kept is an answer that is kept instead of sent.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newKept() *kept { return &kept{header: make(http.Header), status: http.StatusOK} }

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
