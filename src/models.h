#include <stddef.h>
int veil_models_find(const char *name, char *path, size_t cap, char digest[65]);
