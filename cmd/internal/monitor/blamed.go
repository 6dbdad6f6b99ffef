package monitor

import (
	"net/http"
	"regexp"
)

// blamed is an answer of Asynqmon with a status that says whose mistake it is. Asynqmon answers
// 500 for each error of Asynq, also where a request names a queue or a task that is not there,
// or changes what has changed already. Monitoring that counts 5xx would take those for a fault.
type blamed struct {
	http.ResponseWriter
	// failed tells that the status 500 waits for the text behind it.
	failed bool
}

// The texts are those of Asynq's errors.
var (
	notThere = regexp.MustCompile(`NOT_FOUND|queue not found|task not found|queue ".*" does not exist`)
	notNow   = regexp.MustCompile(`is already paused|is not paused|FAILED_PRECONDITION`)
)

// WriteHeader sends the status, but for 500.
func (b *blamed) WriteHeader(status int) {
	if b.failed = status == http.StatusInternalServerError; !b.failed {
		b.ResponseWriter.WriteHeader(status)
	}
}

// Write sends the text, behind the status that it explains.
func (b *blamed) Write(text []byte) (int, error) {
	if b.failed {
		b.failed = false
		status := http.StatusInternalServerError
		switch {
		case notThere.Match(text):
			status = http.StatusNotFound
		case notNow.Match(text):
			status = http.StatusConflict
		}
		b.ResponseWriter.WriteHeader(status)
	}
	return b.ResponseWriter.Write(text)
}

// end sends a 500 that has no text.
func (b *blamed) end() {
	if b.failed {
		b.ResponseWriter.WriteHeader(http.StatusInternalServerError)
	}
}
