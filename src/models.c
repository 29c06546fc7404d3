#include "models.h"
int veil_models_find(const char *name, char *path, size_t cap, char digest[65]) { (void)name;(void)path;(void)cap;(void)digest; return -2; }
