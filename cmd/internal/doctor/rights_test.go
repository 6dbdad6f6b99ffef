package doctor_test

import (
	"strings"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/worker/iamport"
)

func TestRightsOfTheUser(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	for name, test := range map[string]struct {
		rules string
		want  wanted
	}{
		"all": {"+@all", wanted{doctor.OK, "all that workers do"}},
		"a worker's lacks": {"+@all -rpoplpush", wanted{
			doctor.Failure, "a worker with this user would fail: redis does not allow its user a-workers-lacks to run RPOPLPUSH",
		}},
		"only looks":       {"+@read +@connection +eval +evalsha +time +set", wanted{doctor.OK, "only looks"}},
		"runs no script":   {"+@all -evalsha", wanted{doctor.Failure, "to run EVALSHA"}},
		"no keys of Asynq": {"+@all resetkeys ~{receipt}*", wanted{doctor.Failure, "asynq:queues"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := strings.NewReplacer(" ", "-", "'", "", ",", "").Replace(name)
			c := config(asUser(t, server, user, test.rules))
			if _, told := examine(t, c)["rights"]; told {
				t.Error("without PortOne's key it asks for the rights of a worker")
			}
			api, err := iamport.NewClient(iamport.Config{URL: "http://127.0.0.1:1", Key: "key", Secret: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			c.API = api
			examine(t, c).want(t, "rights", test.want)
		})
	}
}
