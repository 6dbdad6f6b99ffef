package sheet

import (
	"os"
)

// temporary returns a file that is gone when it is closed.
func temporary() (*os.File, error) {
	file, err := os.CreateTemp("", "revoker-*.list")
	if err == nil {
		_ = os.Remove(file.Name()) // stays readable until it is closed
	}
	return file, err
}
