package doctor_test

import (
	"os"
	"testing"

	"receiptrevoker/bench/redistest"
)

func TestMain(m *testing.M) {
	redistest.Silence() // servers that are killed are no news here
	os.Exit(m.Run())
}
