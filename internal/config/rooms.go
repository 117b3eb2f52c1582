package config

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
)

// stepNames are the cleansing steps.
func stepNames() []string {
	return []string{"trim", "case", "name", "email", "phone", "date", "number", "boolean", "null_tokens"}
}

// mainArgument is what {step: value} sets.
func mainArgument(step string) string {
	switch step {
	case "phone":
		return "region"
	case "case":
		return "to"
	case "date":
		return "order"
	}
	return "value"
}

// checkStep says what is wrong with a step, and the way to mend it.
func checkStep(s cleanse.StepConfig) (what, mend string) {
	for _, name := range stepNames() {
		if s.Name == name {
			return "", ""
		}
	}
	return fmt.Sprintf("there is no cleansing step %q", strings.ToValidUTF8(s.Name, "?")), meant(s.Name, stepNames())
}

// condition checks that a CEL condition compiles.
func (b *builder) condition(v *value) {
	if v != nil && strings.TrimSpace(v.str) == "" {
		b.add(v.node, CodeCondition, v.path+" is empty", "write a condition, or leave it out")
	}
}

// parseContract reads a contract file.
func parseContract(data []byte) (*contract.Schema, error) {
	var s contract.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// stepsMarkdown is the reference of the cleansing steps.
func stepsMarkdown() string {
	return "`" + strings.Join(stepNames(), "`, `") + "`\n"
}
