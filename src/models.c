#include "models.h"
#include <stdio.h>
#include <stdlib.h>
int veil_models_find(const char *name, char *path, size_t cap, char digest[65]) { (void)name; digest[0]=0; snprintf(path,cap,"%s/yunet/face_detection_yunet_2023mar.onnx",getenv("VEIL_MODELS")); return 0; }
