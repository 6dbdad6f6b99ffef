// Package login stands before a web site: it admits whoever knows the password, and
// remembers them for a shift. There is one password and no user names: who changed what is
// told apart by addresses alone, in the log.
//
// Three things slow a guesser down: the cost of the hash, a throttle for each address, and
// one comparison at a time. A password is never logged, and an error never has one in it.
package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// Path is where the form is shown (GET) and sent to (POST).
	Path = "/login"
	// OutPath is where a POST ends the session; a GET does not, so that no link or picture
	// of another site can.
	OutPath = "/logout"
	// Field is the name of the form's field with the password; the page's template uses the
	// same.
	Field = "password"
)

// Lifetime is how long a session lasts, whatever happens in it: a long shift. The page asks
// for itself every few seconds, so a session that lived on with each request would never
// end.
const Lifetime = 12 * time.Hour

const (
	// maxForm is how many bytes a form may have: a password of 72, encoded, many times
	// over.
	maxForm = 4 << 10
	// turnTimeout is how long a password waits for others to be compared, before the person
	// is told to try again: some forty comparisons of a quarter of a second.
	turnTimeout = 10 * time.Second
)

// Form is what the page with the password's field has to say; the zero value is a form
// without a message.
type Form struct {
	// Wrong tells that the password was wrong. It does not tell how far.
	Wrong bool
	// Wait is for how long no further password from this address is looked at, 0 for no
	// wait.
	Wait time.Duration
}

// Config is whom a login admits, and how it looks. Hash and Form are required.
type Config struct {
	// Hash is the bcrypt hash of the password; see [Hash].
	Hash string
	// Form writes the page with the field, under the given status: 200, 403 for a wrong
	// password, 429 for too many.
	Form func(w http.ResponseWriter, r *http.Request, status int, form Form)
	// Log is told from which address a person logs in or is turned away. Default
	// [slog.Default].
	Log *slog.Logger
	// Now is the clock of sessions and throttles. Default [time.Now].
	Now func() time.Time
}

// Login stands before a site. Its sessions live in the memory of this process, so that
// logging out ends them for certain, and so does a restart: a signed cookie that was stolen
// would be good until its end, also after the password was changed. Two processes behind a
// balancer would not know each other's sessions.
type Login struct {
	config   Config
	sessions *sessions
	throttle *throttle
	// checking has room for one: one password is compared at a time, since each costs a
	// core a quarter of a second, and the machine has other work.
	checking chan struct{}
}

// ErrHash is matched where no password fits the hash. The command then says how to make
// one.
var ErrHash = errors.New("the password's hash")

// New returns a login. The error matches [ErrHash] and says what is wrong with the hash,
// without it: whoever reads the log could try passwords against it. A usual mistake is a
// compose file that has eaten the $ of the hash.
func New(config Config) (*Login, error) {
	cost, err := bcrypt.Cost([]byte(config.Hash))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w is not a bcrypt hash", ErrHash)
	case cost > mostCost:
		return nil, fmt.Errorf("%w has cost %d, at most %d is allowed", ErrHash, cost, mostCost)
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Login{
		config: config, sessions: newSessions(config.Now), throttle: newThrottle(config.Now),
		checking: make(chan struct{}, 1),
	}, nil
}

// Guard returns a handler that shows next only to those who are logged in. A browser that
// asks for a page is sent to the form; whatever else asks gets 401, so that a script does
// not take the form for its answer. It answers [Path] and [OutPath] itself. Protection
// against requests that other sites cause must stand before it.
func (l *Login) Guard(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, l.form)
	mux.HandleFunc("POST "+Path, l.in)
	mux.HandleFunc("POST "+OutPath, l.out)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case l.known(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, Path, http.StatusSeeOther)
		default:
			http.Error(w, "log in first", http.StatusUnauthorized)
		}
	})
	return mux
}

// known reports whether a request comes from a person who is logged in.
func (l *Login) known(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName)
	return err == nil && l.sessions.has(cookie.Value)
}

func (l *Login) form(w http.ResponseWriter, r *http.Request) {
	if l.known(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	l.config.Form(w, r, http.StatusOK, Form{})
}

// in admits a person, or says why not. The throttle comes before the comparison: a guess
// above the allowance costs no quarter of a second, and a right password is then refused as
// well, or the answer would tell.
func (l *Login) in(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "this form cannot be read", http.StatusBadRequest)
		return
	}
	if wait := l.throttle.take(r.RemoteAddr); wait > 0 {
		// Retry-After has whole seconds, rounded up, so that a try at that time is
		// admitted.
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		l.config.Form(w, r, http.StatusTooManyRequests, Form{Wait: wait})
		return
	}
	right, err := l.check(r.Context(), r.PostForm.Get(Field))
	switch {
	// The password waited too long for others to be compared. The allowance has lost the
	// try all the same.
	case err != nil:
		http.Error(w, "too many are logging in; try again", http.StatusServiceUnavailable)
	case !right:
		l.config.Log.Warn("wrong password", "remote", r.RemoteAddr)
		l.config.Form(w, r, http.StatusForbidden, Form{Wrong: true})
	default:
		// Whoever knows the password need not wait for wrong ones of a moment ago, of a
		// colleague behind the same proxy either.
		l.throttle.forget(r.RemoteAddr)
		l.config.Log.Info("logged in", "remote", r.RemoteAddr)
		http.SetCookie(w, newCookie(r, l.sessions.add(), Lifetime))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// check compares a password with the hash. bcrypt takes the same time for any password, so
// that the time tells nothing of how near a guess was. The error is that of a context that
// ended while others were compared.
func (l *Login) check(ctx context.Context, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	select {
	case l.checking <- struct{}{}:
		defer func() { <-l.checking }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	// bcrypt looks at 72 bytes alone: of a longer password it would compare the beginning,
	// and accept it.
	return len(password) <= longest &&
		bcrypt.CompareHashAndPassword([]byte(l.config.Hash), []byte(password)) == nil, nil
}

// out ends the session of the cookie, if there is one, and deletes the cookie. It needs no
// login: a session that is over is not found.
func (l *Login) out(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		l.sessions.end(cookie.Value)
	}
	http.SetCookie(w, newCookie(r, "", -time.Second))
	http.Redirect(w, r, Path, http.StatusSeeOther)
}
