#include <stddef.h>

void kith_raise_ceiling(long long by);
long long kith_held(void);
