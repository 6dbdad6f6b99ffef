package doctor_test

import (
	"path/filepath"
	"testing"

	"receiptrevoker/cmd/internal/doctor"
)

// TestDeployedRedisSettingsPleaseTheDoctor starts a redis-server with the settings of deploy/.
func TestDeployedRedisSettingsPleaseTheDoctor(t *testing.T) {
	t.Parallel()
	settings, err := filepath.Abs("../../../deploy/redis/redis.conf")
	if err != nil {
		t.Fatal(err)
	}
	found := examineServer(t, "--include", settings)
	found.quiet(t)
	for _, check := range []string{"persistence", "eviction"} {
		found.want(t, check, wanted{doctor.OK, ""})
	}
}
