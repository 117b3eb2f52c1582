package webhook

// Validate reports every fault of c. No fault shows the URL or the secret.
func (c Config) Validate() error {
	_, _, err := c.compile()
	return err
}
