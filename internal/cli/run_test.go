package cli

import (
	"os"
	"os/exec"
	"testing"
)

// A service manager does not start again what ends with a usage fault, which is also
// what Go makes of a panic and of an abort in a library.
func TestACrashOfTheServerIsNoUsageFault(t *testing.T) {
	if os.Getenv("KITH_TEST_CRASH") != "" {
		go panic("a crash")
		select {}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=TestACrashOfTheServerIsNoUsageFault")
	cmd.Env = append(os.Environ(), "KITH_TEST_CRASH=1")
	if code, err := codeOf(cmd.Run()); code != killed || err != nil {
		t.Errorf("a crash is told as %d, %v", code, err)
	}
}
